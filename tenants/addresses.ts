// Reads the addresses of a tenant file: host names, external URLs, internal URLs, issuers. Each answers undefined for what it refuses.
import { isIP } from 'node:net';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
/** RFC 1123 §2.1; a last label of digits would be an address. */
const HOST_PATTERN = new RegExp(`^(?:${LABEL}\\.)+(?=.*[a-z])${LABEL}$`);
const HOST_MAX_CHARACTERS = 253;
/** Segments that every server reads in one way: unreserved characters (RFC 3986 §2.3), no dot segments, no empty ones. */
const SEGMENT_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/;
/** Paths of our own on every application host. */
const RESERVED_SEGMENT = '.sallyport';

/** A host name of two labels or more, in lower case. */
export const readHost = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  const host = value.toLowerCase();
  return host.length <= HOST_MAX_CHARACTERS && HOST_PATTERN.test(host) && isIP(host) === 0 ? host : undefined;
};

export const isBelow = (host: string, parent: string): boolean => host.endsWith(`.${parent}`);

export interface ExternalAddress {
  readonly host: string;
  readonly path: string;
}

/** `https://<name>.apps.<domain>/[path]` or `https://*.apps.<domain>/[path]`. The wildcard certificate covers one label, so there is one. */
export const readExternalUrl = (value: unknown, domain: string): ExternalAddress | undefined => {
  const [, rawHost = '', rawPath = ''] = typeof value === 'string' ? (/^https:\/\/([^/?#]+)(\/[^?#]*)?$/i.exec(value) ?? []) : [];
  const host = rawHost.toLowerCase();
  const suffix = `.apps.${domain}`;
  const name = host.slice(0, -suffix.length);
  if (!host.endsWith(suffix) || !(name === '*' || LABEL_PATTERN.test(name))) return undefined;
  const path = rawPath.endsWith('/') ? rawPath : `${rawPath}/`;
  const segments = path.split('/').slice(1, -1);
  return segments.every((segment) => SEGMENT_PATTERN.test(segment)) && segments[0] !== RESERVED_SEGMENT ? { host, path } : undefined;
};

/** Whether what is meant as a folder looks like a file: `…/manifest.json`. With a `/` at its end it is a folder, whatever its name. */
export const namesFile = (url: unknown): boolean =>
  typeof url === 'string' && /^https?:\/\/[^/?#]+\/(?:[^?#]*\/)?[^/?#]*\.[a-z][a-z0-9]{0,11}$/i.test(url);

/** The host of `https://<host>/`: of the domain, but not below `apps.<domain>`, where every name is an application's own. */
export const readAlternateUrl = (value: unknown, domain: string): string | undefined => {
  const [, rawHost] = typeof value === 'string' ? (/^https:\/\/([^/?#:@]+)\/?$/i.exec(value) ?? []) : [];
  const host = readHost(rawHost);
  return host !== undefined && isBelow(host, domain) && host !== `apps.${domain}` && !isBelow(host, `apps.${domain}`) ? host : undefined;
};

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);

/**
 * An absolute http(s) URL of a named host (or loopback), ending with `/`; no credentials, query or fragment. `*.` may stand in front of a
 * host of two labels: which external URLs that goes with is for their comparison to say.
 */
export const readInternalUrl = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || !/^https?:\/\/(?:\*\.)?[^*]+$/i.test(value) || /[\s\\?#@]/.test(value) || !URL.canParse(value))
    return undefined;
  const url = new URL(value);
  const isName = LABEL_PATTERN.test(url.hostname) || readHost(withoutWildcard(url.hostname)) !== undefined;
  if (!isLoopback(url.hostname) && (!isName || /^[\d.]+$/.test(url.hostname))) return undefined;
  if (url.port === '0') return undefined;
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
};

export const isWildcard = (host: string): boolean => host.startsWith('*.');
export const withoutWildcard = (host: string): string => host.replace(/^\*\./, '');

/** An OpenID provider's issuer exactly as written: it is compared character by character (OpenID Connect Core §2). */
export const readIssuer = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || !URL.canParse(value) || /[?#@\s]/.test(value)) return undefined;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)) ? value : undefined;
};

/** A path below an external URL, without a slash in front: `start?view=all`. */
export const readHomePath = (value: unknown): string | undefined =>
  typeof value === 'string' &&
  /^(?!\/)[\x21-\x7e]*$/.test(value) &&
  !/[\\#]|(?:^|\/)\.{1,2}(?:\/|\?|$)/.test(value) &&
  !value.includes('//')
    ? value
    : undefined;
