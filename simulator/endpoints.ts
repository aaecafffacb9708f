// Turns AWS's addresses into those of this machine. Differs from AWS: there, the names resolve; here, each is replaced
// wherever the template hands it on (function environments, custom resources, outputs).
import type { Endpoints } from './services.ts';

const SECURE: Readonly<Record<string, string>> = { https: 'http', wss: 'ws' };

export const createEndpoints = (): Endpoints => {
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

  return {
    register: (awsOrigin, localOrigin) => {
      const match = /^(?:https|wss):\/\/(\*\.)?([a-z0-9.-]+)$/i.exec(awsOrigin);
      if (!match) throw new Error(`${awsOrigin} is not an origin of AWS (https://host or https://*.host).`);
      const host = (match[2] ?? '').replaceAll('.', '\\.');
      const wildcard = match[1] !== undefined;
      rules.set(awsOrigin.toLowerCase(), {
        // The host must end there: neither a longer name nor a port of its own may follow.
        pattern: new RegExp(`\\b(https|wss)://(${wildcard ? `(?:\\*|[a-z0-9-]+)\\.${host}` : host})(?![a-z0-9.:-]*[a-z0-9-])`, 'gi'),
        local: new URL(localOrigin),
        wildcard,
      });
    },
    localise: <T>(value: T): T => localise(value) as T,
  };
};
