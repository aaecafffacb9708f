// `sallyport status`: connectors with their tunnels, and which applications can be reached: by which connector, as of when, and what the
// others failed of.
import type { ApplicationStatus, ConnectorStatus, OriginAttempt, Status } from '../../protocol/control.ts';
import type { ControlClient } from '../control-client.ts';
import { table } from '../table.ts';

export interface StatusOptions {
  readonly json?: boolean;
}

/** Whether every application is reachable. */
export const status = async (
  client: ControlClient,
  { json = false }: StatusOptions,
  now: number,
  say: (line: string) => void,
): Promise<boolean> => {
  const found = await client.status();
  for (const line of json ? [JSON.stringify(found, null, 2)] : describeStatus(found, now)) say(line);
  return found.applications.every(({ reachable }) => reachable);
};

export const describeStatus = ({ tenant, domain, portal, connectors, groups, applications }: Status, now: number): string[] => [
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
    ['application', 'group', 'state', 'last success', 'external URL'],
    applications.map((application) => [
      application.id,
      application.group,
      stateOf(application),
      lastSuccess(application, now),
      application.externalUrl,
    ]),
    'No application is published: sallyport apply tenants/<tenant>.yaml',
  ),
  ...applications.filter(({ state }) => state !== 'reachable').flatMap((application) => ['', ...explain(application, now)]),
];

/** What needs attention stands out. */
const stateOf = ({ state }: ApplicationStatus): string => (state === 'reachable' || state === 'unknown' ? state : state.toUpperCase());

/** Of the origin that was reached longest ago, by whom. */
const lastSuccess = ({ state, origins }: ApplicationStatus, now: number): string => {
  if (state !== 'reachable') return '-';
  const latest = origins.flatMap(({ attempts }) =>
    attempts
      .filter(({ code }) => code === null)
      .sort((one, other) => other.at - one.at)
      .slice(0, 1),
  );
  const [oldest] = latest.sort((one, other) => one.at - other.at);
  return oldest === undefined ? '-' : `${ago(now - oldest.at)}, ${oldest.connector} (${oldest.by})`;
};

const explain = ({ id, group, state, origins }: ApplicationStatus, now: number): string[] => {
  if (state === 'offline') return [`${id} is offline: no connector of group ${group} has a live tunnel.`];
  const head =
    state === 'unreachable' ? `${id} is unreachable:` : `${id} is unknown: not every connector of group ${group} has tried it yet.`;
  const failed = origins.filter(({ reachable }) => !reachable);
  return [head, ...failed.flatMap(({ origin, attempts }) => attempts.map((attempt) => `  ${origin}: ${describeAttempt(attempt, now)}`))];
};

const describeAttempt = ({ connector, at, by, code }: OriginAttempt, now: number): string =>
  `${connector}, ${ago(now - at)} (${by}): ${code}`;

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
