// Content security policies of pages that get a script of ours: the least that lets it load, and reach what it must (CSP 3). What a page's
// policy does not forbid is not added.
import type { HeaderList } from '../../protocol/frames.ts';

const FIELD = 'content-security-policy';

type Directive = readonly [name: string, values: readonly string[]];

/** Of the policy that the headers hold; the script's tag gets it. Null where there is none. */
export const nonceOf = (headers: HeaderList): string | null => {
  const policies = headers.filter(([name]) => name.toLowerCase() === FIELD).flatMap(([, value]) => value.split(','));
  const [scripts] = policies.map((policy) => inForce(directivesOf(policy), OF_SCRIPTS)).filter((directive) => directive !== undefined);
  return /'nonce-([A-Za-z0-9+/_-]+={0,2})'/i.exec(scripts?.[1].join(' ') ?? '')?.[1] ?? null;
};

/** The first of them that a policy has is the one that counts (CSP 3 §6.8.3). */
const OF_SCRIPTS = ['script-src-elem', 'script-src', 'default-src'];

const directivesOf = (policy: string): Directive[] =>
  policy.split(';').flatMap((text): Directive[] => {
    const [name, ...values] = text.trim().split(/\s+/);
    return name === undefined || name === '' ? [] : [[name.toLowerCase(), values]];
  });

const inForce = (directives: readonly Directive[], names: readonly string[]): Directive | undefined =>
  names.map((wanted) => directives.find(([name]) => name === wanted)).find((found) => found !== undefined);

/** What a script of ours asks for the page at the target's own path: where the page's forms lead, its WebSockets, or nothing. */
export type Asks = 'forms' | 'sockets' | 'nothing';

/** `script` is the script's address, `reached` the origins of WebSockets that it opens. */
export const withScriptSources = (headers: HeaderList, script: string, asks: Asks, reached: readonly string[] = []): HeaderList =>
  headers.map(([name, value]) => {
    if (name.toLowerCase() !== FIELD) return [name, value] as const;
    return [
      name,
      value
        .split(',')
        .map((policy) => allowing(policy, script, asks, reached))
        .join(','),
    ] as const;
  });

const allowing = (policy: string, script: string, asks: Asks, reached: readonly string[]): string => {
  const directives = directivesOf(policy);
  const scripts = inForce(directives, OF_SCRIPTS);
  const connects = inForce(directives, ['connect-src', 'default-src']);
  const needed: Directive[] = [];
  if (scripts && !letsScriptPass(scripts[1]))
    needed.push([scripts[0] === 'default-src' ? 'script-src' : scripts[0], [...named(scripts[1]), script]]);
  const targets = asks === 'forms' ? (inForce(directives, ['form-action'])?.[1] ?? ['*']) : (connects?.[1].filter(isSocketSource) ?? []);
  const lacking =
    connects && asks !== 'nothing'
      ? [
          ...(letsOwnPass(connects[1]) ? [] : ownSources(script, targets).filter((source) => !connects[1].includes(source))),
          ...(letsSocketsPass(connects[1]) ? [] : reached.filter((origin) => !connects[1].includes(origin))),
        ]
      : [];
  if (connects && lacking.length > 0) needed.push(['connect-src', [...named(connects[1]), ...lacking]]);
  if (needed.length === 0) return policy;
  const kept = directives.filter(([name]) => !needed.some(([replaced]) => replaced === name));
  return [...kept, ...needed].map(([name, values]) => [name, ...values].join(' ')).join('; ');
};

/** Our own paths, and of the page's host what `targets` name: the page reaches nothing of it that its policy forbids. */
const ownSources = (script: string, targets: readonly string[]): string[] => {
  const sources = new Set(targets.map((target) => ownSource(target, new URL(script))).filter((source) => source !== null));
  return sources.has(SELF) ? [SELF] : [new URL('.', script).href, ...sources];
};

const SELF = "'self'";

/** What a source names of the page's own host (CSP 3 §6.7.2.8), as a request of a script would; null: nothing. */
const ownSource = (source: string, { hostname, port, origin }: URL): string | null => {
  if (/^(?:\*|'self'|(?:https|wss?):)$/i.test(source)) return SELF;
  const [, host = '', at = '', path = '/'] = /^(?:(?:https?|wss?):\/\/)?([^/:]+)(?::(\d+|\*))?(\/.*)?$/i.exec(source) ?? [];
  const isHost = host.startsWith('*.') ? hostname.endsWith(host.slice(1).toLowerCase()) : hostname === host.toLowerCase();
  const isPort = at === '*' || at === port || (port === '' && at === '443');
  if (!isHost || !isPort) return null;
  return path === '/' ? SELF : origin + path;
};

const isSocketSource = (source: string): boolean => /^wss?:/i.test(source);

const named = (values: readonly string[]): string[] => values.filter((value) => value.toLowerCase() !== "'none'");

const letsOwnPass = (values: readonly string[]): boolean =>
  values.some((value) => value === '*' || ["'self'", 'https:'].includes(value.toLowerCase()));

const letsSocketsPass = (values: readonly string[]): boolean => values.some((value) => value === '*' || value.toLowerCase() === 'wss:');

/** With `strict-dynamic` hosts count for nothing, and a nonce is what the page's own scripts have. */
const letsScriptPass = (values: readonly string[]): boolean => {
  const known = values.map((value) => value.toLowerCase());
  return known.some((value) => value.startsWith("'nonce-")) || (!known.includes("'strict-dynamic'") && letsOwnPass(known));
};
