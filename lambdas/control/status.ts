// What is there and what is reachable: connectors with their tunnels, groups, applications. Each list is sorted.
import type { ApplicationStatus, ConnectorStatus, OriginAttempt, OriginStatus, Status } from '../../protocol/control.ts';
import { ORIGIN_REPORT_MS } from '../../protocol/limits.ts';
import { coversOrigin } from '../../protocol/origin-pattern.ts';
import { addressesOf } from '../../tenants/address-list.ts';
import { isLive } from '../stores/live-tunnel.ts';
import type { Application, Connector, ConnectorReports, Directory, Registry, Tunnel } from '../stores/records.ts';

export interface StatusPorts {
  readonly registry: Pick<Registry, 'connectors' | 'tunnels' | 'reports'>;
  readonly directory: Pick<Directory, 'applications'>;
  readonly tenant: string;
  readonly domain: string;
  readonly portalUrl: string;
  readonly now: () => number;
}

/** A connector that tells of origins tells again sooner: this one has become one that does not. */
const REPORT_STALE_MS = 3 * ORIGIN_REPORT_MS;

interface Group {
  readonly name: string;
  readonly tunnels: readonly Tunnel[];
  /** Ids of the connectors that take exchanges, sorted. */
  readonly live: readonly string[];
  readonly reports: readonly ConnectorReports[];
}

export const readStatus = async ({ registry, directory, tenant, domain, portalUrl, now }: StatusPorts): Promise<Status> => {
  const [connectors, applications] = await Promise.all([registry.connectors(), directory.applications()]);
  const names = [...new Set([...connectors.map(({ group }) => group), ...applications.map(({ connectorGroup }) => connectorGroup)])].sort();
  const groups = new Map(await Promise.all(names.map(async (name) => [name, await readGroup(registry, name, now())] as const)));

  return {
    tenant,
    domain,
    portal: portalUrl,
    connectors: connectors.map((connector) => describeConnector(connector, groups.get(connector.group)!.tunnels)).sort(byId),
    groups: [...groups.values()].map(({ name, tunnels }) => ({
      name,
      connectors: connectors.filter(({ group }) => group === name).length,
      liveTunnels: tunnels.filter((tunnel) => isLive(tunnel, now())).length,
    })),
    applications: applications
      .map((application) => describeApplication(application, portalUrl, groups.get(application.connectorGroup)!, now()))
      .sort(byId),
  };
};

const byId = (one: { readonly id: string }, other: { readonly id: string }): number => (one.id < other.id ? -1 : 1);

const readGroup = async (registry: StatusPorts['registry'], name: string, now: number): Promise<Group> => {
  const [tunnels, reports] = await Promise.all([registry.tunnels(name), registry.reports(name)]);
  const live = [...new Set(tunnels.filter((tunnel) => isLive(tunnel, now)).map(({ connector }) => connector))].sort();
  return { name, tunnels, live, reports };
};

const describeConnector = ({ id, name, group, version, enrolledAt, seenAt }: Connector, tunnels: readonly Tunnel[]): ConnectorStatus => ({
  id,
  name,
  group,
  version,
  enrolledAt,
  seenAt,
  tunnels: tunnels
    .filter(({ connector }) => connector === id)
    .map(({ connectionId, openedAt, seenAt, draining }) => ({ connectionId, openedAt, seenAt, draining }))
    .sort((one, other) => one.openedAt - other.openedAt),
});

/** Every external URL has the portal's scheme and port. */
const describeApplication = (application: Application, portalUrl: string, group: Group, now: number): ApplicationStatus => {
  const { id, name, host, path } = application;
  const { protocol, port } = new URL(portalUrl);
  const externalUrl = `${protocol}//${host}${port === '' ? '' : `:${port}`}${path}`;
  const urls = addressesOf(application).map(({ internalUrl }) => new URL(internalUrl).origin);
  const origins = [...new Set(urls)].map((origin) => describeOrigin(origin, application.verifyCertificate, group, now));
  const state = stateOf(origins, group);
  return { id, name, externalUrl, group: group.name, reachable: state === 'reachable', state, origins };
};

const stateOf = (origins: readonly OriginStatus[], { live }: Group): ApplicationStatus['state'] => {
  if (live.length === 0) return 'offline';
  if (origins.every(({ reachable }) => reachable)) return 'reachable';
  return origins.some(({ reachable, attempts }) => !reachable && attempts.length === live.length) ? 'unreachable' : 'unknown';
};

const describeOrigin = (origin: string, verified: boolean, { live, reports }: Group, now: number): OriginStatus => {
  const attempts = live.flatMap((connector): OriginAttempt[] => {
    const told = reports.find((report) => report.connector === connector)?.origins ?? [];
    const [latest] = told
      .filter((report) => (report.unverified === undefined) === verified && now - report.at <= REPORT_STALE_MS)
      .filter((report) => coversOrigin(origin, report.origin))
      .sort((one, other) => other.at - one.at);
    if (latest === undefined) return [];
    return [{ connector, at: latest.at, by: latest.probed ? 'probe' : 'request', code: latest.code ?? null }];
  });
  return { origin, reachable: attempts.some(({ code }) => code === null), attempts };
};
