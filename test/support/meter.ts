// What AWS would bill, as the simulator's meter tells it.
import type { World } from './world.ts';

interface Line {
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly amount: number;
}

export interface Amounts {
  readonly restRequests: number;
  readonly invocations: number;
  readonly messagesToConnector: number;
  readonly messagesToRouter: number;
  readonly databaseOperations: number;
}

export interface Bill extends Amounts {
  /** What came on top of an earlier bill. */
  since(earlier: Bill): Amounts;
}

export const bill = async (world: World): Promise<Bill> => {
  const { lines } = await world.control<{ lines: Line[] }>('GET', '/meter');
  const sum = (unit: string, fits: (labels: Line['labels']) => boolean = () => true): number =>
    lines.filter((line) => line.unit === unit && fits(line.labels)).reduce((total, { amount }) => total + amount, 0);

  const amounts: Amounts = {
    restRequests: sum('rest-requests'),
    invocations: sum('invocations', ({ function: name }) => /router/i.test(name ?? '')),
    messagesToConnector: sum('websocket-messages', ({ api, direction }) => /tunnel/i.test(api ?? '') && direction === 'out'),
    messagesToRouter: sum('websocket-messages', ({ api, direction }) => /reply/i.test(api ?? '') && direction === 'out'),
    databaseOperations: sum('table-calls'),
  };
  const keys = Object.keys(amounts) as Array<keyof Amounts>;
  return {
    ...amounts,
    since: (earlier) => Object.fromEntries(keys.map((key) => [key, amounts[key] - earlier[key]])) as unknown as Amounts,
  };
};
