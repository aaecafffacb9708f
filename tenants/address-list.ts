// Every address of an application: its own, its segments', and the one at its alternate host; and the alternate hosts of a tenant.
import type { Address, Application } from '../lambdas/stores/records.ts';

type Addressed = Pick<Application, 'host' | 'path' | 'internalUrl' | 'segments' | 'alternateHost'>;

/** Its own comes first. */
export const addressesOf = ({ host, path, internalUrl, segments, alternateHost }: Addressed): readonly Address[] => [
  { host, path, internalUrl },
  ...segments.map((segment) => ({ host: segment.host, path: segment.path, internalUrl: segment.internalUrl })),
  ...(alternateHost === null ? [] : [{ host: alternateHost, path, internalUrl }]),
];

/** Hosts whose pages may call the application by script. A wildcard names no host that pages come from. */
export const callersOf = (called: Application, applications: readonly Application[]): string[] => {
  const callers = applications.filter(({ id, calls }) => id === called.id || calls.includes(called.id));
  const hosts = [...new Set(callers.flatMap(addressesOf).map(({ host }) => host))].filter((host) => !host.startsWith('*.'));
  // One that is called by nobody but itself, from its only host, is called by none.
  return hosts.length === 1 && hosts[0] === called.host ? [] : hosts.sort();
};

/** Each needs a custom domain name of its own. */
export const alternateHosts = ({ applications }: { readonly applications: readonly Pick<Application, 'alternateHost'>[] }): string[] =>
  applications.flatMap(({ alternateHost }) => (alternateHost === null ? [] : [alternateHost])).sort();
