// Which IP addresses an origin may have. Checked against what a name resolves to, at the moment of connecting,
// so a name that first resolves to something harmless (DNS rebinding) gains nothing.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SallyportError } from '../protocol/errors.ts';

/** Never an origin: cloud metadata services live on link-local addresses; multicast and broadcast are no servers. */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('224.0.0.0', 4, 'ipv4');
REFUSED.addAddress('255.255.255.255', 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addSubnet('ff00::', 8, 'ipv6');
/** AWS's instance metadata over IPv6. */
REFUSED.addAddress('fd00:ec2::254', 'ipv6');
/** The same IPv4 range as NAT64 spells it (RFC 6052). */
REFUSED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** The machine itself. An unspecified address connects to it too. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addSubnet('0.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

const contains = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

export const isLoopback = (address: string): boolean => contains(LOOPBACK, address);

/** Whether a host, as a URL has it, is this machine: by name (RFC 6761 §6.3) or by address. */
export const isThisMachine = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name);
};

export const mayConnect = (address: string, loopbackAllowed: boolean): boolean =>
  !contains(REFUSED, address) && (loopbackAllowed || !isLoopback(address));

export const addressRefusal = (host: string, address: string): SallyportError =>
  new SallyportError(
    'ERR_ORIGIN_NOT_ALLOWED',
    isLoopback(address)
      ? `${host} is the connector's own machine (${address}). To publish something there, list localhost itself in the allowlist.`
      : `${host} has the address ${address}, which no application may have (link-local, metadata or multicast).`,
  );

export type Resolve = (host: string, callback: (error: Error | null, addresses: LookupAddress[]) => void) => void;

/** The system's resolver; names under .localhost are this machine without asking (RFC 6761 §6.3), which many resolvers cannot say. */
export const resolveHost: Resolve = (host, callback) => {
  if (host === 'localhost' || host.endsWith('.localhost'))
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  else systemLookup(host, { all: true, verbatim: true }, (error, addresses) => callback(error, addresses ?? []));
};

/** For net.connect: answers only addresses that `accept` lets pass; refuses with `refusal` when none is left. */
export const lookupWith = (
  accept: (address: string) => boolean,
  refusal: (host: string, address: string) => Error,
  resolve: Resolve = resolveHost,
): LookupFunction => {
  return (host, options, callback) => {
    resolve(host, (error, found) => {
      const family = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0;
      const addresses = family === 0 ? found : found.filter((entry) => entry.family === family);
      const accepted = addresses.filter(({ address }) => accept(address));
      if (error) return callback(error, '');
      if (accepted.length === 0) {
        return callback(
          addresses[0] ? refusal(host, addresses[0].address) : Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }),
          '',
        );
      }
      if (options.all) return callback(null, accepted);
      return callback(null, accepted[0]!.address, accepted[0]!.family);
    });
  };
};

/** For the connector's own calls to the service, which the administrator configured: any address. */
export const lookupAny: LookupFunction = lookupWith(
  () => true,
  (host) => new Error(`${host} has no address`),
);
