// Part 1: what one connector carries, in the table in which Microsoft tells it of Entra's: the bundled program with its default settings, fed
// by a service that does nothing else, beside the same origin asked directly and the least connector that there can be. Rounds are interleaved
// and medians reported.
import { Agent, request } from 'undici';
import { closedLoop, type Load, median, openLoop } from './load.ts';
import { type Origin, type RunningConnector, startConnector, startLeast, startOrigin } from './processes.ts';
import { type Service, startService } from './service.ts';

const KILOBYTE = 1024;
const SIZES = [1 * KILOBYTE, 16 * KILOBYTE];
const USERS = 32;
const EXCHANGES = 3_000;
const WARM_UP = 3_000;
/** Entra's connector on two cores, from its documentation of September 2023: "Max TPS" at "Expected P99 latency". Size and backend not told. */
export const ENTRA = { cores: 2, perSecond: 586, p99Ms: 325 } as const;
const RATE_SECONDS = 4;
/** So much more than the rate must have been had. */
const SPARE = 1.2;

export interface Capacity {
  readonly bytes: number;
  readonly bare: Load;
  readonly connector: Load;
  /** At Entra's rate; null where the machine was too busy for it in every round. */
  readonly p99AtRateMs: number | null;
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
  readonly least: Least;
}

/** What the least connector takes. */
export interface Least {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly cpuMicroseconds: number;
}

interface Round {
  readonly bare: Load;
  readonly connector: Load;
  /** Null where less than that can be had just now: then waiting grows without end. */
  readonly atRate: Load | null;
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
  readonly least: Load & { readonly cpuMicroseconds: number };
}

export const measureCapacity = async (rounds: number): Promise<Capacity[]> => {
  const ends: Array<() => Promise<void>> = [];
  const started = <Started extends { dispose(): Promise<void> }>(one: Started): Started => {
    ends.unshift(one.dispose);
    return one;
  };
  try {
    const origin = started(await startOrigin());
    const service = started(await startService());
    const connector = started(await startConnector(service.identity, origin.url));
    const other = started(await startService());
    const { identity, frameKey, replyEndpoint } = other;
    const least = started(await startLeast({ tunnelUrl: identity.tunnelUrl, frameKey, replyEndpoint }));
    return await measure(rounds, origin, { service, connector }, { service: other, connector: least });
  } finally {
    for (const end of ends) await end();
  }
};

/** A connector and the service that feeds it. */
interface Pair {
  readonly service: Service;
  readonly connector: RunningConnector;
}

const measure = async (rounds: number, origin: Origin, ours: Pair, least: Pair): Promise<Capacity[]> => {
  const dispatcher = new Agent({ connections: USERS });
  const direct = async (url: string): Promise<number> => {
    const { body } = await request(url, { dispatcher });
    return (await body.arrayBuffer()).byteLength;
  };
  const whole = (way: (url: string) => Promise<number>, bytes: number) => async () => {
    const got = await way(`${origin.url}/noise/${bytes}`);
    if (got !== bytes) throw new Error(`${got} of ${bytes} bytes arrived.`);
  };
  const loaded = async ({ service, connector }: Pair, bytes: number) => {
    const before = await connector.usage();
    const load = await closedLoop(USERS, EXCHANGES, whole(service.exchange, bytes));
    const { cpu, residentBytes } = await connector.usage();
    const used = cpu.user + cpu.system - before.cpu.user - before.cpu.system;
    return { load, cpuMicroseconds: used / EXCHANGES, residentMegabytes: residentBytes / KILOBYTE ** 2 };
  };
  const round = async (bytes: number): Promise<Round> => {
    const bare = await closedLoop(USERS, EXCHANGES, whole(direct, bytes));
    const { load: through, cpuMicroseconds, residentMegabytes } = await loaded(ours, bytes);
    const floor = await loaded(least, bytes);
    const spare = through.perSecond > ENTRA.perSecond * SPARE;
    const atRate = spare ? await openLoop(ENTRA.perSecond, ENTRA.perSecond * RATE_SECONDS, whole(ours.service.exchange, bytes)) : null;
    const { load, ...used } = floor;
    return {
      bare,
      connector: through,
      atRate,
      cpuMicroseconds,
      residentMegabytes,
      least: { ...load, cpuMicroseconds: used.cpuMicroseconds },
    };
  };

  for (const bytes of SIZES) for (const { service } of [ours, least]) await closedLoop(USERS, WARM_UP, whole(service.exchange, bytes));
  const measured = new Map<number, Round[]>(SIZES.map((bytes) => [bytes, []]));
  for (let at = 0; at < rounds; at += 1) for (const bytes of SIZES) measured.get(bytes)!.push(await round(bytes));
  await dispatcher.close();
  return [...measured].map(([bytes, all]) => summarise(bytes, all));
};

const summarise = (bytes: number, rounds: readonly Round[]): Capacity => {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const atRate = rounds.flatMap((round) => round.atRate ?? []);
  const load = (pick: (round: Round) => Load): Load => ({
    perSecond: of((one) => pick(one).perSecond),
    p50Ms: of((one) => pick(one).p50Ms),
    p99Ms: of((one) => pick(one).p99Ms),
  });
  return {
    bytes,
    bare: load(({ bare }) => bare),
    connector: load(({ connector }) => connector),
    p99AtRateMs: atRate.length === 0 ? null : median(atRate.map(({ p99Ms }) => p99Ms)),
    cpuMicroseconds: of(({ cpuMicroseconds }) => cpuMicroseconds),
    residentMegabytes: of(({ residentMegabytes }) => residentMegabytes),
    least: {
      perSecond: of(({ least }) => least.perSecond),
      p99Ms: of(({ least }) => least.p99Ms),
      cpuMicroseconds: of(({ least }) => least.cpuMicroseconds),
    },
  };
};
