// Turns AWS's addresses into those of this machine. Differs from AWS: there, the names resolve; here, each is replaced
// wherever the template hands it on (function environments, custom resources, outputs).
import type { Endpoints } from './services.ts';

const SECURE: Readonly<Record<string, string>> = { https: 'http', wss: 'ws' };

/** `known`: origins, and where they are on this machine. */
export const createEndpoints = (known: Readonly<Record<string, string>> = {}): Endpoints => {
  const rules = new Map<string, { readonly pattern: RegExp; readonly local: URL; readonly wildcard: boolean }>();

  const localiseText = (text: string): string => {
    let result = text;
    for (const { pattern, local, wildcard } of rules.values()) {
      result = result.replace(pattern, (_all, scheme: string, host: string) => {
        const secure = local.protocol === 'https:';
        const localScheme = secure ? scheme : (SECURE[scheme] ?? scheme);
        return `${localScheme}://${wildcard ? `${host}${local.port ? `:${local.port}` : ''}` : local.host}`;
      });
    }
    return result;
  };

  const localise = (value: unknown): unknown => {
    if (typeof value === 'string') return value.includes('://') ? localiseText(value) : value;
    if (Array.isArray(value)) return value.map(localise);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, localise(member)]));
    }
    return value;
  };

  const register: Endpoints['register'] = (awsOrigin, localOrigin) => {
    const match = /^(?:https|wss):\/\/(\*\.)?([a-z0-9.-]+(?::\d{1,5})?)$/i.exec(awsOrigin);
    if (!match) throw new Error(`${awsOrigin} is not an origin of AWS (https://host, https://*.host, with a port or without).`);
    const host = (match[2] ?? '').replaceAll('.', '\\.');
    const wildcard = match[1] !== undefined;
    rules.set(awsOrigin.toLowerCase(), {
      // The host must end there: neither a longer name nor a port of its own may follow.
      pattern: new RegExp(`\\b(https|wss)://(${wildcard ? `(?:\\*|[a-z0-9-]+)\\.${host}` : host})(?![a-z0-9.:-]*[a-z0-9-])`, 'gi'),
      local: new URL(localOrigin),
      wildcard,
    });
  };
  for (const [origin, local] of Object.entries(known)) register(origin, local);
  return {
    register,
    localise: <T>(value: T): T => localise(value) as T,
  };
};
