// What is published at an address, and what to say in its place. Own addresses are known; those of other applications are asked for
// as they are met, and a failing store makes a link stay as it is, never the exchange fail.
import type { Log } from '../../../protocol/log.ts';
import { authorityOfUrl } from '../../../tenants/authority.ts';
import type { Address, Published } from '../../stores/records.ts';
import type { ExternalUrls } from '../external-url.ts';
import { type Scheme, SLASH, type Spelt } from './spelling.ts';

/** Several applications may share an internal authority, each with a path of its own. */
export type PublishedAt = (authority: string) => Promise<readonly Published[]>;
/** The id of an application that is published under an external host; null where none is. */
export type ServedOn = (host: string) => Promise<string | null>;

export interface Replacement {
  readonly application: string;
  /** What replaces the text from the site's start up to here. */
  readonly end: number;
  readonly text: string;
}

export interface Targets {
  /** Whether the application's paths are other ones outside than inside. */
  readonly paths: boolean;
  /** Asks what is published there, where that is not known yet. */
  learn(sites: Iterable<Spelt>): Promise<void>;
  /** Null where nothing is published. Only of authorities that were learnt. */
  external(text: string, site: Spelt): Replacement | null;
  /** External origins under which something of an internal authority is published. */
  origins(authority: string): readonly string[];
}

export interface TargetsOptions {
  readonly application: string;
  /** The address by which the request came, and the application's others. */
  readonly own: readonly [Address, ...Address[]];
  readonly urls: Pick<ExternalUrls, 'portal' | 'origin' | 'authority' | 'proto'>;
  readonly publishedAt: PublishedAt;
  readonly servedOn: ServedOn;
  readonly log: Pick<Log, 'warn'>;
}

/** Each costs a query, at most once in ten seconds: a page that names more is translated as far as this goes. */
export const AUTHORITIES_MAX = 100;
/** Every page with a picture or a data block names them. */
const NEVER_INTERNAL: ReadonlySet<string> = new Set(['www.w3.org', 'schema.org', 'ogp.me']);

export const createTargets = ({ application, own, urls, publishedAt, servedOn, log }: TargetsOptions): Targets => {
  const known = new Map<string, Candidate[]>();
  /** External hosts with a port that is not theirs, or none: applications that are told of TLS by nobody call themselves so. */
  const served = new Map<string, { readonly application: string; readonly host: string }>();
  const domain = sharedDomain(own[0].host, new URL(urls.portal).hostname);
  const ours = own.map((address) => candidateOf(address, application, true));
  /** An origin that is dialled at a port of its own may know itself by its name and the other scheme. */
  const byName = new Map(own.map(({ internalUrl }, index) => [new URL(internalUrl).hostname.toLowerCase(), ours[index]!]));
  let asked = 0;

  const learnOne = async (authority: string): Promise<void> => {
    const mine = ours.filter((candidate) => candidate.authority === authority);
    known.set(authority, mine);
    if (NEVER_INTERNAL.has(authority) || asked >= AUTHORITIES_MAX) return;
    asked += 1;
    let found: readonly Published[] = [];
    try {
      found = await publishedAt(authority);
    } catch (error) {
      log.warn('translation.unknown', { authority, error });
    }
    const others = found
      .filter(({ host, path }) => !mine.some((candidate) => candidate.host === host && candidate.path === path))
      .map((published) => candidateOf(published, published.application, false));
    const all = [...mine, ...others];
    const alone = byName.get(authority);
    known.set(authority, all.length === 0 && alone ? [{ ...alone, authority, otherScheme: true }] : all);
    if (all.length === 0 && !alone) await learnServed(authority);
  };

  const learnServed = async (authority: string): Promise<void> => {
    const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(authority)!;
    if (!host.endsWith(domain)) return;
    const ports = own.filter((address) => address.host === host).map(({ internalUrl }) => new URL(internalUrl).port);
    if (!['', '80', '443', ...ports].includes(port)) return;
    try {
      const found = await servedOn(host);
      if (found !== null) served.set(authority, { application: found, host });
    } catch (error) {
      log.warn('translation.unknown', { authority, error });
    }
  };

  /** An external address in the scheme and with the port that lead there. */
  const mended = (text: string, { start, end, scheme, authority, colon, slash }: Spelt): Replacement | null => {
    const found = authority === null ? undefined : served.get(authority);
    if (found === undefined) return null;
    const right = scheme === '' ? '' : externalScheme(scheme, urls.proto) + colon;
    const address = `${right}${slash}${slash}${urls.authority(found.host).replace(':', colon)}`;
    return address === text.slice(start, end).toLowerCase() ? null : { application: found.application, end, text: address };
  };

  const best = (text: string, site: Spelt): { candidate: Candidate; end: number; slash: boolean } | null => {
    const scheme = plain(site.scheme);
    let found: { candidate: Candidate; end: number; slash: boolean } | null = null;
    let highest = -1;
    for (const candidate of site.authority === null ? ours.slice(0, 1) : (known.get(site.authority) ?? [])) {
      // The longest path, then the same scheme, then the application's own.
      const rank = candidate.internalPath.length * 4 + (candidate.scheme === scheme ? 2 : 0) + (candidate.own ? 1 : 0);
      if (rank <= highest || (candidate.otherScheme && (scheme === '' || scheme === candidate.scheme))) continue;
      const match = matchPath(text, site, candidate.internalPath);
      if (match === null) continue;
      found = { candidate, ...match };
      highest = rank;
    }
    return found;
  };

  return {
    paths: ours[0]!.internalPath !== ours[0]!.path,

    learn: async (sites) => {
      const unknown = new Set<string>();
      for (const { authority } of sites) if (authority !== null && !known.has(authority)) unknown.add(authority);
      await Promise.all([...unknown].map(learnOne));
    },

    external: (text, site) => {
      const found = best(text, site);
      if (found === null) return mended(text, site);
      const { candidate, end, slash } = found;
      const path = spell(candidate.path.slice(0, -1), site.slash);
      if (site.authority === null) {
        // `/base//host` would become `//host`.
        if (candidate.internalPath === candidate.path || (path === '' && MAY_NAME_HOST.test(text.slice(end)))) return null;
        return { application: candidate.application, end, text: path === '' && !slash ? site.slash : path };
      }
      const scheme = site.scheme === '' ? '' : externalScheme(site.scheme, urls.proto) + site.colon;
      const authority = urls.authority(candidate.host).replace(':', site.colon);
      return { application: candidate.application, end, text: `${scheme}${site.slash}${site.slash}${authority}${path}` };
    },

    origins: (authority) => [
      ...new Set((known.get(authority) ?? []).filter(({ otherScheme }) => !otherScheme).map(({ host }) => urls.origin(host))),
    ],
  };
};

interface Candidate {
  readonly application: string;
  readonly authority: string;
  /** Begins and ends with `/`. */
  readonly internalPath: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  readonly own: boolean;
  /** Meant only where the address has the other scheme. */
  readonly otherScheme?: boolean;
}

const candidateOf = ({ host, path, internalUrl }: Address, application: string, own: boolean): Candidate => {
  const url = new URL(internalUrl);
  return {
    application,
    authority: authorityOfUrl(url),
    internalPath: url.pathname,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host,
    path,
    own,
  };
};

const spell = (path: string, slash: string): string => path.replaceAll('/', slash);

/** Of two hosts of one tenant: everything external is below it. */
const sharedDomain = (one: string, other: string): string => {
  const labels = other.split('.').reverse();
  const differs = one
    .split('.')
    .reverse()
    .findIndex((label, index) => label !== labels[index]);
  return `.${labels
    .slice(0, differs < 0 ? undefined : differs)
    .reverse()
    .join('.')}`;
};

const plain = (scheme: Scheme): string => scheme.replace('ws', 'http');

const externalScheme = (scheme: Scheme, proto: 'http' | 'https'): string => (scheme.startsWith('ws') ? proto.replace('http', 'ws') : proto);

/** What may follow a path that is written without its final slash. */
const PATH_ENDS = String.raw`(?=$|[\s?#"'<>\\)\]},;&|\x60])`;
const patterns = new Map<string, RegExp>();
const PATTERNS_MAX = 1_000;
const ESCAPED_SLASH = `(?!/)${SLASH}`;
/** A second slash in any spelling; browsers pass over tabs and line ends (URL standard, 4.4). */
const MAY_NAME_HOST = new RegExp(String.raw`^${SLASH}[/\\&\t\r\n]`, 'i');

/**
 * Where the internal path ends in the text, before its final slash, and whether that is there; null where the text is not below it.
 * A slash that is not escaped as those before the host ends a regular expression (`/http:\/\/wiki.corp/g`): it is no part of an address.
 */
const matchPath = (
  text: string,
  { end: at, slash }: Spelt,
  internalPath: string,
): { readonly end: number; readonly slash: boolean } | null => {
  const within = slash.startsWith('\\') ? ESCAPED_SLASH : SLASH;
  const key = `${within} ${internalPath}`;
  let pattern = patterns.get(key);
  if (!pattern) {
    const segments = internalPath.slice(0, -1).split('/').map(escaped);
    // The root's final slash need not be there at all: whatever ends an authority ends it.
    pattern = new RegExp(`${segments.join(within)}(?:(?=(${SLASH}))|${internalPath === '/' ? '' : PATH_ENDS})`, 'y');
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    patterns.set(key, pattern);
  }
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match && { end: at + match[0].length, slash: match[1] !== undefined };
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
