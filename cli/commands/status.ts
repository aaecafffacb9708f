// `sallyport status`: connectors with their tunnels, and which applications can be reached.
import type { ConnectorStatus, Status } from '../../protocol/control.ts';
import type { ControlClient } from '../control-client.ts';
import { table } from '../table.ts';

export const status = async (client: ControlClient, now: number, say: (line: string) => void): Promise<void> => {
  for (const line of describeStatus(await client.status(), now)) say(line);
};

export const describeStatus = ({ tenant, domain, portal, connectors, groups, applications }: Status, now: number): string[] => {
  const offline = applications.filter(({ reachable }) => !reachable);
  return [
    `${tenant} (${domain}), portal ${portal}`,
    '',
    ...listed(
      ['connector', 'group', 'version', 'tunnels', 'seen'],
      connectors.map((connector) => [connector.id, connector.group, connector.version, tunnels(connector), ago(now - connector.seenAt)]),
      'No connector is enrolled: sallyport connector enroll --group default',
    ),
    '',
    ...listed(
      ['group', 'connectors', 'live tunnels'],
      groups.map((group) => [group.name, String(group.connectors), String(group.liveTunnels)]),
      'There are no groups.',
    ),
    '',
    ...listed(
      ['application', 'group', 'state', 'external URL'],
      applications.map(({ id, group, reachable, externalUrl }) => [id, group, reachable ? 'reachable' : 'OFFLINE', externalUrl]),
      'No application is published: sallyport apply tenants/<tenant>.yaml',
    ),
    ...(offline.length === 0
      ? []
      : ['', `Offline, since no connector of the group has a live tunnel: ${offline.map(({ id }) => id).join(', ')}`]),
  ];
};

const tunnels = ({ tunnels }: ConnectorStatus): string => {
  const draining = tunnels.filter((tunnel) => tunnel.draining).length;
  return draining === 0 ? String(tunnels.length) : `${tunnels.length}, ${draining} draining`;
};

const UNITS: ReadonlyArray<readonly [string, number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

const ago = (ms: number): string => {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(ms / size))} ${unit} ago`;
};

const listed = (head: readonly string[], rows: ReadonlyArray<readonly string[]>, none: string): string[] =>
  rows.length === 0 ? [none] : table(head, rows);
