// Content security policies (CSP 3): internal addresses among their sources, and whether they name the digests of what stands in the page.
import { authorityOf } from '../../../tenants/authority.ts';
import { findReference, type Scheme, type Spelt } from './spelling.ts';
import type { Targets } from './targets.ts';

const HASH = /'sha(?:256|384|512)-/i;

const directives = (policy: string): ReadonlyArray<readonly [name: string, value: string]> =>
  policy.split(/[;,]/).map((directive) => {
    const [, name = '', value = ''] = /^\s*(\S*)(.*)/s.exec(directive)!;
    return [name.toLowerCase(), value] as const;
  });

/** Of which kinds a policy names digests: changed, such content would not be applied. */
export interface HashedContent {
  readonly scripts: boolean;
  readonly styles: boolean;
}

export const hashedBy = (policy: string): HashedContent => {
  const named = directives(policy).filter(([, value]) => HASH.test(value));
  const some = (kind: string) => named.some(([name]) => name === 'default-src' || name.startsWith(kind));
  return { scripts: some('script-src'), styles: some('style-src') };
};

/** Directives whose words are sources or addresses; those of others (`sandbox allow-scripts`) only look like hosts. */
const TAKES_SOURCES = /^(?:[a-z]+-src(?:-elem|-attr)?|base-uri|form-action|frame-ancestors|navigate-to|report-uri)$/;
const SOURCE =
  /^(?:(https?|wss?):\/\/)?([a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*)(?::(\d{1,5}|\*))?(\/[^\s;,]*)?$/i;

/** The policy with external sources in place of internal ones. A source without a path stands for everything that is published there. */
export const translatePolicy = async (policy: string, targets: Targets): Promise<string> => {
  const words = policy.split(/([\s;,]+)/);
  let directive = '';
  const translated = words.map((word, index) => {
    if (index % 2 === 1) {
      if (/[;,]/.test(word)) directive = '';
      return word;
    }
    if (word === '' || directive !== '') return TAKES_SOURCES.test(directive) ? translateSource(word, directive, targets) : word;
    directive = word.toLowerCase();
    return word;
  });
  return (await Promise.all(translated)).join('');
};

const translateSource = async (source: string, directive: string, targets: Targets): Promise<string> => {
  const path = directive === 'report-uri' ? findReference(source, true) : null;
  if (path?.authority === null) {
    const moved = targets.external(source, path);
    return moved === null ? source : moved.text + source.slice(moved.end);
  }
  const [, scheme = '', host, port = '', rest = ''] = SOURCE.exec(source) ?? [];
  if (host === undefined) return source;
  const known = scheme.toLowerCase() as Scheme;
  const end = source.length - rest.length;
  const authority = authorityOf(known, host, port === '*' ? '' : port);
  const site: Spelt = { start: 0, end, scheme: known, authority, colon: ':', slash: '/' };
  await targets.learn([site]);
  if (rest !== '' && rest !== '/') {
    const found = targets.external(source, site);
    return found === null ? source : withScheme(found.text, known) + source.slice(found.end);
  }
  const origins = targets.origins(authority).map((origin) => (known.startsWith('ws') ? origin.replace('http', 'ws') : origin));
  return origins.length === 0 ? source : origins.map((origin) => withScheme(origin, known) + rest).join(' ');
};

/** A source without a scheme stays one: what loads it decides. */
const withScheme = (address: string, scheme: Scheme): string => (scheme === '' ? address.replace(/^(?:https?:)?\/\//, '') : address);
