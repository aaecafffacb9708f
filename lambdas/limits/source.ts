// Whom an address stands for when attempts are counted: an IPv4 address for itself, an IPv6 one for its /64, which is what one
// subscriber is given (RFC 6177) and can change addresses within at will.
import { isIPv6 } from 'node:net';

const GROUPS = 8;
const PREFIX_GROUPS = 4;

/** Of what API Gateway says the address is, never of a header. */
export const sourceOf = (address: string): string => {
  if (!isIPv6(address)) return address;
  // The URL parser writes each address in one way only (WHATWG URL, "IPv6 serializer"): lower case, no dotted tail.
  const plain = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  // IPv4 in IPv6's clothes (RFC 4291 §2.5.5.2) stands for itself: its /64 would be everyone's.
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(plain) ?? [];
  if (high !== undefined && low !== undefined) return [...bytesOf(high), ...bytesOf(low)].join('.');

  const [before = [], after = []] = plain.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  return `${[...before, ...zeros, ...after].slice(0, PREFIX_GROUPS).join(':')}::/64`;
};

const bytesOf = (group: string): number[] => {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
};
