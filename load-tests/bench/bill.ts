// Part 3: what AWS would bill for exchanges by the size of their answer, and how long they take, beside the two designs of prior art: each way back
// runs in a simulator of its own, with the same front door, tunnel and origin, and the same waiting for the answer to begin its way.
import { signIn } from '../../test/support/user.ts';
import type { World } from '../../test/support/world.ts';
import PRICES from '../prices.json' with { type: 'json' };
import { DESIGNS, type DesignName, startDesign } from '../prior-art/world.ts';
import { type Counts, seeded, sum } from './hops.ts';
import { closedLoop, type Load } from './load.ts';
import { startOrigin } from './processes.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
export const ANSWERS = [
  ...[KILOBYTE / 2, KILOBYTE, 16 * KILOBYTE, 32 * KILOBYTE, 100 * KILOBYTE, MEGABYTE].map((bytes) => ({ kind: 'noise' as const, bytes })),
  ...[16 * KILOBYTE, 100 * KILOBYTE, MEGABYTE].map((bytes) => ({ kind: 'text' as const, bytes })),
];
const EXCHANGES = 60;
const USERS = 2;
const WARM_TRIES = 5;
/** What no way back can shorten: the post to the connector, its link, the application. */
const WAITED: Counts = { post: 1, premisesLink: 1, origin: 1 };

const UNITS = Object.keys(PRICES.perMillion) as Array<keyof typeof PRICES.perMillion>;
/** Of the whole account, named as the meter names them. */
export type Units = Readonly<Record<(typeof UNITS)[number], number>>;

export interface Cost {
  /** For one exchange. */
  readonly units: Units;
  readonly load: Load;
}

export interface BillLine {
  readonly kind: 'noise' | 'text';
  readonly bytes: number;
  readonly designs: Readonly<Record<DesignName, Cost>>;
}

/** The body of an answer; throws when there is none. */
type Ask = (path: string) => Promise<Buffer>;

interface Running {
  readonly design: DesignName;
  readonly world: World;
  readonly ask: Ask;
}

export const measureBill = async (): Promise<BillLine[]> =>
  withDesigns(async (running) => {
    const lines: BillLine[] = [];
    for (const { kind, bytes } of ANSWERS) {
      const costs: Array<readonly [DesignName, Cost]> = [];
      for (const { design, world, ask } of running) {
        const random = seeded(bytes);
        const exchange = async () => {
          const { length } = await ask(`${kind}/${bytes}?after=${Math.round(sum(WAITED, random))}`);
          if (length !== bytes) throw new Error(`${design}: ${length} of ${bytes} bytes of ${kind} arrived.`);
        };
        await warm(exchange);
        let load: Load | undefined;
        const units = await unitsOf(world, EXCHANGES, async () => {
          load = await closedLoop(USERS, EXCHANGES, exchange);
        });
        costs.push([design, { units, load: load! }]);
      }
      lines.push({ kind, bytes, designs: Object.fromEntries(costs) as BillLine['designs'] });
    }
    return lines;
  });

/** Caches, connections, environments. Those start late on a busy machine, and an answer that waits for them comes too late. */
export const warm = async (exchange: () => Promise<unknown>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    const ended = await Promise.allSettled(Array.from({ length: USERS }, exchange));
    const failed = ended.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (!failed) return;
    if (tries === WARM_TRIES) throw failed.reason;
  }
};

/** All of them, and an origin, while `act` runs. */
export const withDesigns = async <Result>(act: (running: readonly Running[], originUrl: string) => Promise<Result>): Promise<Result> => {
  const origin = await startOrigin();
  const running: Running[] = [];
  try {
    for (const design of DESIGNS) {
      const world = await startDesign(design, origin.url, '--publish', `bench=${origin.url}/`, '--lambda', 'quick', '--pace', 'off');
      running.push({ design, world, ask: await asked(world, design) });
    }
    return await act(running, origin.url);
  } finally {
    for (const { world } of running) await world.dispose();
    await origin.dispose();
  }
};

const asked = async (world: World, design: DesignName): Promise<Ask> => {
  const user = await signIn(world, 'bob', 'bench');
  return async (path) => {
    const { status, body } = await user.fetch(new URL(path, world.url('bench')).href);
    if (status !== 200) throw new Error(`${design}: ${path} was answered ${status}: ${body.toString().slice(0, 500)}`);
    return body;
  };
};

/** What the meter counts for each of `exchanges` while `act` runs. */
export const unitsOf = async (world: World, exchanges: number, act: () => Promise<unknown>): Promise<Units> => {
  const before = await metered(world);
  await act();
  const after = await metered(world);
  return Object.fromEntries(UNITS.map((unit) => [unit, (after[unit] - before[unit]) / exchanges])) as Units;
};

const metered = async (world: World): Promise<Units> => (await world.control<{ totals: Units }>('GET', '/meter')).totals;

/** For a million exchanges. */
export const dollars = (units: Units): number => UNITS.reduce((total, unit) => total + units[unit] * PRICES.perMillion[unit].price, 0);
