// Finds a realm's domain controllers in DNS, as RFC 4120 §7.2.3.2 has it: the lowest priority first.
import { resolveSrv } from 'node:dns/promises';
import type { ResolveControllers } from './controllers.ts';

export const resolveControllers: ResolveControllers = async (realm) =>
  (await resolveSrv(`_kerberos._tcp.${realm.toLowerCase()}`))
    .sort((one, other) => one.priority - other.priority || other.weight - one.weight)
    .map(({ name, port }) => `${name}:${port}`);
