// What is there and what is reachable: connectors with their tunnels, groups, applications.
import type { ApplicationStatus, ConnectorStatus, Status } from '../../protocol/control.ts';
import { isLive } from '../stores/live-tunnel.ts';
import type { Application, Connector, Directory, Registry, Tunnel } from '../stores/records.ts';

export interface StatusPorts {
  readonly registry: Pick<Registry, 'connectors' | 'tunnels'>;
  readonly directory: Pick<Directory, 'applications'>;
  readonly tenant: string;
  readonly domain: string;
  readonly portalUrl: string;
  readonly now: () => number;
}

export const readStatus = async ({ registry, directory, tenant, domain, portalUrl, now }: StatusPorts): Promise<Status> => {
  const [connectors, applications] = await Promise.all([registry.connectors(), directory.applications()]);
  const names = [...new Set([...connectors.map(({ group }) => group), ...applications.map(({ connectorGroup }) => connectorGroup)])].sort();
  const tunnels = new Map(await Promise.all(names.map(async (name) => [name, await registry.tunnels(name)] as const)));

  const groups = names.map((name) => ({
    name,
    connectors: connectors.filter(({ group }) => group === name).length,
    liveTunnels: (tunnels.get(name) ?? []).filter((tunnel) => isLive(tunnel, now())).length,
  }));
  const live = new Set(groups.filter(({ liveTunnels }) => liveTunnels > 0).map(({ name }) => name));
  return {
    tenant,
    domain,
    portal: portalUrl,
    connectors: connectors.map((connector) => describeConnector(connector, tunnels.get(connector.group) ?? [])),
    groups,
    applications: applications.map((application) => describeApplication(application, portalUrl, live)),
  };
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
    .map(({ connectionId, openedAt, seenAt, draining }) => ({ connectionId, openedAt, seenAt, draining })),
});

/** Every external URL has the portal's scheme and port. */
const describeApplication = (
  { id, name, host, path, connectorGroup }: Application,
  portalUrl: string,
  live: ReadonlySet<string>,
): ApplicationStatus => {
  const { protocol, port } = new URL(portalUrl);
  const externalUrl = `${protocol}//${host}${port === '' ? '' : `:${port}`}${path}`;
  return { id, name, externalUrl, group: connectorGroup, reachable: live.has(connectorGroup) };
};
