// Content security policies of pages that get a script of ours: the least that lets it load, and reach what it must (CSP 3). What a page's
// policy does not forbid is not added.
import type { HeaderList } from '../../protocol/frames.ts';

const FIELD = 'content-security-policy';

type Directive = readonly [name: string, values: readonly string[]];

/** Of the policy that the headers hold; the script's tag gets it. Null where there is none. */
export const nonceOf = (headers: HeaderList): string | null => {
  const policies = headers.filter(([name]) => name.toLowerCase() === FIELD).map(([, value]) => value);
  return /'nonce-([A-Za-z0-9+/_-]+={0,2})'/.exec(policies.join(' '))?.[1] ?? null;
};

/** `script` is the script's address, `reached` the origins of WebSockets that it opens. */
export const withScriptSources = (headers: HeaderList, script: string, reached: readonly string[] = []): HeaderList =>
  headers.map(([name, value]) => {
    if (name.toLowerCase() !== FIELD) return [name, value] as const;
    return [
      name,
      value
        .split(',')
        .map((policy) => allowing(policy, script, reached))
        .join(','),
    ] as const;
  });

const allowing = (policy: string, script: string, reached: readonly string[]): string => {
  const directives = policy.split(';').flatMap((text): Directive[] => {
    const [name, ...values] = text.trim().split(/\s+/);
    return name === undefined || name === '' ? [] : [[name.toLowerCase(), values]];
  });
  const inForce = (...names: string[]) =>
    names.map((wanted) => directives.find(([name]) => name === wanted)).find((found) => found !== undefined);
  const scripts = inForce('script-src-elem', 'script-src', 'default-src');
  const connects = inForce('connect-src', 'default-src');
  const needed: Directive[] = [];
  if (scripts && !letsScriptPass(scripts[1]))
    needed.push([scripts[0] === 'default-src' ? 'script-src' : scripts[0], [...named(scripts[1]), script]]);
  const lacking = connects
    ? [
        ...(letsOwnPass(connects[1]) || connects[1].includes(ownPaths(script)) ? [] : [ownPaths(script)]),
        ...(letsSocketsPass(connects[1]) ? [] : reached.filter((origin) => !connects[1].includes(origin))),
      ]
    : [];
  if (connects && lacking.length > 0) needed.push(['connect-src', [...named(connects[1]), ...lacking]]);
  if (needed.length === 0) return policy;
  const kept = directives.filter(([name]) => !needed.some(([replaced]) => replaced === name));
  return [...kept, ...needed].map(([name, values]) => [name, ...values].join(' ')).join('; ');
};

/** Our own paths alone: the page still reaches nothing of its host that its policy forbids. */
const ownPaths = (script: string): string => new URL('.', script).href;

const named = (values: readonly string[]): string[] => values.filter((value) => value.toLowerCase() !== "'none'");

const letsOwnPass = (values: readonly string[]): boolean =>
  values.some((value) => value === '*' || ["'self'", 'https:'].includes(value.toLowerCase()));

const letsSocketsPass = (values: readonly string[]): boolean => values.some((value) => value === '*' || value.toLowerCase() === 'wss:');

/** With `strict-dynamic` hosts count for nothing, and a nonce is what the page's own scripts have. */
const letsScriptPass = (values: readonly string[]): boolean => {
  const known = values.map((value) => value.toLowerCase());
  return known.some((value) => value.startsWith("'nonce-")) || (!known.includes("'strict-dynamic'") && letsOwnPass(known));
};
