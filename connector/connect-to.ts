// Origins whose names do not resolve where the connector runs, or resolve to something else: dialled at the address that the administrator
// names (as curl's --connect-to). Only the connection leads elsewhere: allowlist, `Host` and certificate are those of the name.
import { isIP } from 'node:net';
import { mayConnect } from './address.ts';

export interface ConnectTo {
  /** As the administrator wrote it. */
  readonly text: string;
  /** Lower case, without final dot. */
  readonly host: string;
  readonly port: string;
  readonly address: string;
  readonly addressPort: string;
}

const EXPECTED = 'expected HOST:PORT=ADDRESS:PORT, such as wiki.corp:80=10.1.2.3:8080 or wiki.corp:443=[fd00::7]:8443';

/** Throws an Error whose message completes "<entry>: …". */
export const parseConnectTo = (text: string): ConnectTo => {
  const match = /^([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?:(\d{1,5})=(?:\[([\da-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/i.exec(text);
  const [, host = '', port = '', v6, v4, addressPort = ''] = match ?? [];
  const address = v6 ?? v4 ?? '';
  if (!match || isIP(host) !== 0 || isIP(address) === 0 || !isPort(port) || !isPort(addressPort)) throw new Error(EXPECTED);
  if (!mayConnect(address, true)) throw new Error('no application may have a link-local, metadata or multicast address');
  return { text, host: host.toLowerCase(), port: String(Number(port)), address, addressPort: String(Number(addressPort)) };
};

/** Where an origin is dialled instead; null for where its name leads. */
export const findConnectTo = (entries: readonly ConnectTo[], hostname: string, port: string): ConnectTo | null => {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return entries.find((entry) => entry.host === host && entry.port === port) ?? null;
};

const isPort = (text: string): boolean => Number(text) >= 1 && Number(text) <= 65_535;
