// Part 1: what one connector carries, in the table in which Microsoft tells it of Entra's: the bundled program with its default settings, fed
// by a service that does nothing else, beside the same origin asked directly. Rounds are interleaved and medians reported.
import { Agent, request } from 'undici';
import { closedLoop, type Load, median, openLoop } from './load.ts';
import { type Origin, type RunningConnector, startConnector, startOrigin } from './processes.ts';
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
  readonly toBare: number;
  /** At Entra's rate; null where the machine was too busy for it in every round. */
  readonly p99AtRateMs: number | null;
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
}

interface Round {
  readonly bare: Load;
  readonly connector: Load;
  /** Null where less than that can be had just now: then waiting grows without end. */
  readonly atRate: Load | null;
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
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
    return await measure(rounds, origin, service, connector);
  } finally {
    for (const end of ends) await end();
  }
};

const measure = async (rounds: number, origin: Origin, service: Service, connector: RunningConnector): Promise<Capacity[]> => {
  const dispatcher = new Agent({ connections: USERS });
  const direct = async (url: string): Promise<number> => {
    const { body } = await request(url, { dispatcher });
    return (await body.arrayBuffer()).byteLength;
  };
  const whole = (way: (url: string) => Promise<number>, bytes: number) => async () => {
    const got = await way(`${origin.url}/noise/${bytes}`);
    if (got !== bytes) throw new Error(`${got} of ${bytes} bytes arrived.`);
  };
  const round = async (bytes: number): Promise<Round> => {
    const bare = await closedLoop(USERS, EXCHANGES, whole(direct, bytes));
    const before = await connector.usage();
    const through = await closedLoop(USERS, EXCHANGES, whole(service.exchange, bytes));
    const { cpu, residentBytes } = await connector.usage();
    const used = cpu.user + cpu.system - before.cpu.user - before.cpu.system;
    const spare = through.perSecond > ENTRA.perSecond * SPARE;
    const atRate = spare ? await openLoop(ENTRA.perSecond, ENTRA.perSecond * RATE_SECONDS, whole(service.exchange, bytes)) : null;
    return { bare, connector: through, atRate, cpuMicroseconds: used / EXCHANGES, residentMegabytes: residentBytes / KILOBYTE ** 2 };
  };

  for (const bytes of SIZES) await closedLoop(USERS, WARM_UP, whole(service.exchange, bytes));
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
    toBare: of(({ bare, connector }) => connector.perSecond / bare.perSecond),
    p99AtRateMs: atRate.length === 0 ? null : median(atRate.map(({ p99Ms }) => p99Ms)),
    cpuMicroseconds: of(({ cpuMicroseconds }) => cpuMicroseconds),
    residentMegabytes: of(({ residentMegabytes }) => residentMegabytes),
  };
};
