// Which origins this connector may call: an administrator's word on the private network, whatever the service asks for (DESIGN.md D8).
// Nothing is allowed unless it is listed.
import { isIP } from 'node:net';
import { isThisMachine } from './address.ts';

export interface AllowedOrigin {
  /** As the administrator wrote it. */
  readonly text: string;
  readonly protocol: 'http:' | 'https:';
  /** Lower case; without `*.` for a wildcard. */
  readonly host: string;
  readonly wildcard: boolean;
  readonly port: string;
  /** Loopback addresses are called only for an entry that names them. */
  readonly namesLoopback: boolean;
}

const EXPECTED = 'expected scheme, host and port only, such as http://wiki.corp:8080 or https://*.corp.example';

/** Throws an Error whose message completes "<entry>: …". */
export const parseAllowedOrigin = (text: string): AllowedOrigin => {
  const match = /^(https?):\/\/(\*\.)?([^/?#@\\\s*]+)\/?$/i.exec(text);
  if (!match || !URL.canParse(`${match[1]}://${match[3]}`)) throw new Error(EXPECTED);

  const url = new URL(`${match[1]}://${match[3]}`);
  const host = canonicalHost(url);
  const wildcard = match[2] !== undefined;
  if (wildcard && (isIP(bare(host)) !== 0 || !host.includes('.')))
    throw new Error(`a wildcard needs a domain of at least two labels; ${EXPECTED}`);
  return {
    text,
    protocol: url.protocol as AllowedOrigin['protocol'],
    host,
    wildcard,
    port: portOf(url),
    // Every name below .localhost is this machine (RFC 6761 §6.3), so `*.corp.localhost` names it as `wiki.corp.localhost` does.
    namesLoopback: isThisMachine(host),
  };
};

/** The entry that allows an origin; null when none does. */
export const findAllowed = <Entry extends AllowedOrigin>(entries: readonly Entry[], url: URL): Entry | null => {
  const host = canonicalHost(url);
  const port = portOf(url);
  return (
    entries.find(
      (entry) =>
        entry.protocol === url.protocol && entry.port === port && (entry.wildcard ? host.endsWith(`.${entry.host}`) : host === entry.host),
    ) ?? null
  );
};

const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80');

/** A name with a final dot is the same name (RFC 1034 §3.1). */
const canonicalHost = (url: URL): string => url.hostname.toLowerCase().replace(/\.$/, '');

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
