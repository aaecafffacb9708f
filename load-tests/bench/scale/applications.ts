// How many applications a deployment and an `apply` can carry, and what applying them takes: the tenant file's own reading and checks, the
// real directory over a table that counts.

import { createDirectory } from '../../../lambdas/stores/directory.ts';
import type { Application } from '../../../lambdas/stores/records.ts';
import { APPLICATIONS_MAX_BYTES } from '../../../lib/directory/directory.ts';
import { packApplications } from '../../../tenants/packed-applications.ts';
import { parseApplications } from '../../../tenants/schema.ts';
import { createCountingTable } from './counting-table.ts';

/** Of a function's event, in which the request's body is a JSON string. */
const EVENT_MAX_BYTES = 6 * 1024 * 1024;
/** The rest of such an event: headers, the caller's identity. */
const ENVELOPE_BYTES = 8 * 1024;
const COUNTS = [100, 1_000, 5_000];
/** Beyond is not looked at. */
export const MOST = 10_000;
const DOMAIN = 'example.com';

export interface ApplicationLimits {
  /** More are packed in the template, where a difference is no longer to be read. */
  readonly readable: number;
  /** More do not fit into the custom resource even then: `cdk deploy` is refused at synthesis. */
  readonly deploy: number;
  /** More do not fit into the control function's event. */
  readonly apply: number;
  readonly applied: readonly AppliedCount[];
}

export interface AppliedCount {
  readonly applications: number;
  readonly bodyBytes: number;
  /** Reading and checking. */
  readonly checkMs: number;
  /** Of the first time, and of a second in which one application has changed. */
  readonly firstCalls: number;
  readonly againCalls: number;
}

/** As short as one is that has a description, an icon's worth of settings left at their defaults, and a group that it is for. */
const inFile = (index: number, changed = false) => ({
  id: `application-${index}`,
  name: `Application ${index}`,
  description: changed ? 'Another one' : 'One of many',
  externalUrl: `https://application-${index}.apps.${DOMAIN}/`,
  internalUrl: `https://application-${index}.corp.example/`,
  access: { groups: ['staff'] },
});

const list = (count: number, changed: boolean) => Array.from({ length: count }, (_, index) => inFile(index, changed && index === 0));

const parsed = (count: number, changed = false) =>
  parseApplications({ applications: list(count, changed) }, 'The benchmark', {
    ...{ domain: DOMAIN, claims: [], alternateHosts: [], portalHost: `portal.${DOMAIN}` },
  });

/** As lib/directory puts them into the template: a string in JSON. */
const templateBytes = (applications: readonly Application[], readableMaxBytes: number): number =>
  Buffer.byteLength(JSON.stringify(packApplications(applications, readableMaxBytes)));
const eventBytes = (count: number): number =>
  Buffer.byteLength(JSON.stringify(JSON.stringify({ applications: list(count, false) }))) + ENVELOPE_BYTES;

/** The most for which `bytes` stays within `limit`; it grows with the count. At most `MOST`. */
const most = (bytes: (count: number) => number, limit: number): number => {
  let [fits, breaks] = [0, MOST + 1];
  while (breaks - fits > 1) {
    const middle = Math.floor((fits + breaks) / 2);
    if (bytes(middle) <= limit) fits = middle;
    else breaks = middle;
  }
  return fits;
};

export const measureApplications = async (): Promise<ApplicationLimits> => {
  const applied: AppliedCount[] = [];
  for (const count of COUNTS) {
    const table = createCountingTable('directory');
    const directory = createDirectory({ table });
    const from = performance.now();
    const applications = parsed(count);
    const checkMs = performance.now() - from;
    await directory.replace(applications);
    const first = table.counted().calls;
    await directory.replace(parsed(count, true));
    const againCalls = table.counted().calls - first;
    applied.push({ applications: count, bodyBytes: eventBytes(count) - ENVELOPE_BYTES, checkMs, firstCalls: first, againCalls });
  }
  const all = parsed(MOST);
  return {
    readable: most((count) => templateBytes(all.slice(0, count), Number.POSITIVE_INFINITY), APPLICATIONS_MAX_BYTES),
    deploy: most((count) => templateBytes(all.slice(0, count), APPLICATIONS_MAX_BYTES), APPLICATIONS_MAX_BYTES),
    apply: most(eventBytes, EVENT_MAX_BYTES),
    applied,
  };
};
