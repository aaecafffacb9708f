// Every address of an application: its own, its segments', and the one at its alternate host; and the alternate hosts of a tenant.
import type { Address, Application } from '../lambdas/stores/records.ts';

type Addressed = Pick<Application, 'host' | 'path' | 'internalUrl' | 'segments' | 'alternateHost'>;

/** Its own comes first. */
export const addressesOf = ({ host, path, internalUrl, segments, alternateHost }: Addressed): readonly Address[] => [
  { host, path, internalUrl },
  ...segments.map((segment) => ({ host: segment.host, path: segment.path, internalUrl: segment.internalUrl })),
  ...(alternateHost === null ? [] : [{ host: alternateHost, path, internalUrl }]),
];

/** For each of these applications: hosts whose pages may call it by script. A wildcard names no host that pages come from. */
export const callersAmong = (applications: readonly Application[]): ((called: Application) => string[]) => {
  // By the application that is called: asking each of thousands whether it calls each other one takes longer than a function has.
  const callers = new Map<string, Application[]>(applications.map((application) => [application.id, [application]]));
  for (const caller of applications) {
    for (const id of caller.calls) if (id !== caller.id) callers.get(id)?.push(caller);
  }
  return (called) => {
    const hosts = [
      ...new Set(
        callers
          .get(called.id)
          ?.flatMap(addressesOf)
          .map(({ host }) => host),
      ),
    ].filter((host) => !host.startsWith('*.'));
    // One that is called by nobody but itself, from its only host, is called by none.
    return hosts.length === 1 && hosts[0] === called.host ? [] : hosts.sort();
  };
};

/** Each needs a custom domain name of its own. */
export const alternateHosts = ({ applications }: { readonly applications: readonly Pick<Application, 'alternateHost'>[] }): string[] =>
  applications.flatMap(({ alternateHost }) => (alternateHost === null ? [] : [alternateHost])).sort();
