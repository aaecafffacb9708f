// Whether an address is within one of some networks, written as CIDR (RFC 4632, RFC 4291 §2.3) or as a single address.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Built once for each list: a directory entry is asked many times before it is read again. */
const built = new WeakMap<readonly string[], BlockList>();

export const isWithin = (networks: readonly string[], address: string): boolean => {
  const plain = withoutMapping(address);
  return isIP(plain) !== 0 && listOf(networks).check(plain, family(plain));
};

/** An address, or an address and a prefix length that fits its family; host bits may be set. */
export const isNetwork = (text: string): boolean => {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 && !address.includes('%') ? 128 : -1;
  return bits > 0 && Number(length ?? 0) <= bits;
};

export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');

const listOf = (networks: readonly string[]): BlockList => {
  const known = built.get(networks);
  if (known) return known;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    if (length === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(length), family(address));
  }
  built.set(networks, list);
  return list;
};

/** `::ffff:192.0.2.1` is `192.0.2.1`: no second spelling leads around a rule. */
const withoutMapping = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : address;
};

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');
