// What an exchange asks of the stores and of the router's processor, by how many tunnels, sessions and applications there are: the real
// router and stores, over tables in memory that count. Without sockets: they cost the same at any scale.

import { digest } from '../../../lambdas/keys.ts';
import { cachedDirectory, cachedSessions, cachedTunnels } from '../../../lambdas/router/caching.ts';
import { SESSION_COOKIE } from '../../../lambdas/router/cookies.ts';
import { application, event, session, tunnel } from '../../../lambdas/router/testing/records.ts';
import { answerWith, createRig } from '../../../lambdas/router/testing/rig.ts';
import { createDirectory } from '../../../lambdas/stores/directory.ts';
import { createRegistry } from '../../../lambdas/stores/registry.ts';
import { createSessions } from '../../../lambdas/stores/sessions.ts';
import { CACHE_MS } from '../../../protocol/limits.ts';
import { median } from '../load.ts';
import { createCountingTable } from './counting-table.ts';

export interface Size {
  readonly tunnels: number;
  /** All tunnels of a group may carry each of its exchanges. */
  readonly tunnelsOfGroup: number;
  readonly sessions: number;
  readonly applications: number;
}

export interface Spent {
  readonly calls: number;
  readonly bytes: number;
}

export interface ScalePoint extends Size {
  /** The first exchange of an execution environment: nothing is remembered. */
  readonly cold: Spent;
  /** One more of the same user within ten seconds. */
  readonly warm: Spent;
  /** Of another user each. */
  readonly strangers: Spent;
  readonly cpuMicroseconds: number;
}

const ONE: Size = { tunnels: 1, tunnelsOfGroup: 1, sessions: 1, applications: 1 };
export const SIZES: readonly Size[] = [
  ONE,
  { ...ONE, tunnels: 100, tunnelsOfGroup: 2 },
  { ...ONE, tunnels: 10_000, tunnelsOfGroup: 2 },
  { ...ONE, tunnels: 10_000, tunnelsOfGroup: 100 },
  { ...ONE, tunnels: 10_000, tunnelsOfGroup: 10_000 },
  { ...ONE, sessions: 1_000 },
  { ...ONE, sessions: 100_000 },
  { ...ONE, applications: 100 },
  { ...ONE, applications: 5_000 },
  { tunnels: 10_000, tunnelsOfGroup: 2, sessions: 100_000, applications: 5_000 },
];

const BATCHES = 5;
const EXCHANGES = 100;
const BODY = 'x'.repeat(1024);

const groupOf = (index: number, { tunnelsOfGroup }: Size): string => `group-${Math.floor(index / tunnelsOfGroup)}`;
const hostOf = (index: number): string => `app-${index}.apps.example.com`;
const secretOf = (index: number): string => `secret-of-user-${index}`.padEnd(43, '-');

/** Tests ask for no time of a processor: `batches` 0. */
export const measurePoint = async (size: Size, batches = BATCHES): Promise<ScalePoint> => {
  const tables = {
    directory: createCountingTable('directory'),
    registry: createCountingTable('registry'),
    sessions: createCountingTable('sessions'),
  };
  const clock = { now: (): number => rig.clock.now() };
  const directory = createDirectory({ table: tables.directory });
  const sessions = createSessions({ table: tables.sessions, now: clock.now });
  const registry = createRegistry({ table: tables.registry, now: clock.now });
  const rig = createRig(null, {
    directory: cachedDirectory(directory, clock),
    tunnels: cachedTunnels(registry, clock),
    findSession: cachedSessions(sessions, clock),
  });

  await directory.replace(
    Array.from({ length: size.applications }, (_, index) => ({
      ...application({
        id: `app-${index}`,
        host: hostOf(index),
        internalUrl: `http://app-${index}.corp/`,
        connectorGroup: groupOf(0, size),
      }),
    })),
  );
  const now = clock.now();
  for (let index = 0; index < size.tunnels; index += 1) {
    const opened = tunnel({ connectionId: `tunnel-${index}=`, group: groupOf(index, size), seenAt: now });
    await tables.registry.put({ pk: `group#${opened.group}`, sk: `${opened.connector}#${opened.connectionId}`, ...opened });
    rig.behaviours.set(opened.connectionId, answerWith(BODY));
  }
  for (let index = 0; index < size.sessions; index += 1) {
    const id = digest(secretOf(index));
    await sessions.create(session({ id, parent: id, host: hostOf(0), expiresAt: now + 3_600_000 }));
  }

  const exchange = async (user: number): Promise<void> => {
    rig.received.length = 0;
    rig.lines.length = 0;
    const { response, done } = rig.begin(event({ host: hostOf(0), headers: { Cookie: [`${SESSION_COOKIE}=${secretOf(user)}`] } }));
    await done;
    if (response.status !== 200) throw new Error(`An exchange ended with ${response.status}.`);
  };
  const spentBy = async (count: number, act: (at: number) => Promise<void>): Promise<Spent> => {
    const sum = () =>
      Object.values(tables)
        .map((table) => table.counted())
        .reduce((one, other) => ({ calls: one.calls + other.calls, bytes: one.bytes + other.bytes }));
    const before = sum();
    for (let at = 0; at < count; at += 1) await act(at);
    const after = sum();
    return { calls: (after.calls - before.calls) / count, bytes: (after.bytes - before.bytes) / count };
  };

  const cold = await spentBy(1, () => exchange(0));
  const warm = await spentBy(EXCHANGES, () => exchange(0));
  const others = Math.min(size.sessions - 1, EXCHANGES);
  const strangers = others === 0 ? cold : await spentBy(others, (at) => exchange(1 + at));
  const processor: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const before = process.cpuUsage();
    for (let at = 0; at < EXCHANGES; at += 1) await exchange(0);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / EXCHANGES);
  }
  if (clock.now() - now > CACHE_MS) throw new Error('Time has passed: what is remembered was not warm.');
  return { ...size, cold, warm, strangers, cpuMicroseconds: batches === 0 ? 0 : median(processor) };
};

export const measureExchanges = async (): Promise<ScalePoint[]> => {
  // Compiled and warm before the first figure.
  await measurePoint(ONE);
  const points: ScalePoint[] = [];
  for (const size of SIZES) points.push(await measurePoint(size));
  return points;
};
