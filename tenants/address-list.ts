// Every address of an application: its own, its segments', and the one at its alternate host; and the alternate hosts of a tenant.
import type { Address, Application } from '../lambdas/stores/records.ts';

type Addressed = Pick<Application, 'host' | 'path' | 'internalUrl' | 'segments' | 'alternateHost'>;

/** Its own comes first. */
export const addressesOf = ({ host, path, internalUrl, segments, alternateHost }: Addressed): readonly Address[] => [
  { host, path, internalUrl },
  ...segments.map((segment) => ({ host: segment.host, path: segment.path, internalUrl: segment.internalUrl })),
  ...(alternateHost === null ? [] : [{ host: alternateHost, path, internalUrl }]),
];

/** Each needs a custom domain name of its own. */
export const alternateHosts = ({ applications }: { readonly applications: readonly Pick<Application, 'alternateHost'>[] }): string[] =>
  applications.flatMap(({ alternateHost }) => (alternateHost === null ? [] : [alternateHost])).sort();
