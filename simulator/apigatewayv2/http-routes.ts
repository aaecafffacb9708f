// Which route of an HTTP API a request takes. "Routing API requests" (API Gateway Developer Guide, HTTP APIs).
import type { Route } from './api.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>> | undefined;
}

/** `path` is decoded. The most specific path wins, then the method over ANY, then `$default`. */
export const matchRoute = (routes: readonly Route[], method: string, path: string): RouteMatch | undefined => {
  const candidates = routes.flatMap((route) => {
    const [, routeMethod, pattern] = /^([A-Z]+) (\/.*)$/.exec(route.key) ?? [];
    if (pattern === undefined || (routeMethod !== 'ANY' && routeMethod !== method)) return [];
    const pathParameters = matchPath(pattern, path);
    return pathParameters ? [{ route, pattern, any: routeMethod === 'ANY', pathParameters }] : [];
  });
  candidates.sort((left, right) => compare(rank(left.pattern), rank(right.pattern)) || Number(left.any) - Number(right.any));
  const [best] = candidates;
  if (best) {
    const { route, pathParameters } = best;
    return { route, pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : undefined };
  }
  const fallback = routes.find(({ key }) => key === '$default');
  return fallback && { route: fallback, pathParameters: undefined };
};

const matchPath = (pattern: string, path: string): Record<string, string> | undefined => {
  const parts = pattern.slice(1).split('/');
  const segments = path.slice(1).split('/');
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const [, name, plus] = /^\{([^+}]+)(\+)?\}$/.exec(part) ?? [];
    const segment = segments[index];
    if (name === undefined) {
      if (segment !== part) return undefined;
    } else if (plus === '+') {
      const rest = segments.slice(index).join('/');
      return rest === '' ? undefined : { ...parameters, [name]: rest };
    } else {
      if (segment === undefined || segment === '') return undefined;
      parameters[name] = segment;
    }
  }
  return parts.length === segments.length ? parameters : undefined;
};

/** For each segment: fixed 0, parameter 1, greedy 2. */
const rank = (pattern: string): readonly number[] =>
  pattern
    .slice(1)
    .split('/')
    .map((part) => (/^\{[^}]+\+\}$/.test(part) ? 2 : part.startsWith('{') ? 1 : 0));

const compare = (left: readonly number[], right: readonly number[]): number => {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 3) - (right[at] ?? 3);
    if (difference !== 0) return difference;
  }
  return 0;
};
