// What is broken on purpose, changeable while the simulator runs: `drop=0.01,delay=50,throttle-tables=0.1`.
import { SallyportError } from '../protocol/errors.ts';
import type { Faults } from './services.ts';

/** Name in the option and over the control API → field, and what it may be. */
export const FAULTS = {
  drop: { field: 'drop', kind: 'share', says: 'WebSocket messages lost' },
  duplicate: { field: 'duplicate', kind: 'share', says: 'WebSocket messages delivered twice' },
  reorder: { field: 'reorder', kind: 'share', says: 'WebSocket messages that overtake an earlier one' },
  delay: { field: 'delayMs', kind: 'milliseconds', says: 'upper bound of a random delay of each WebSocket message' },
  gone: { field: 'gone', kind: 'share', says: '@connections calls answered 410 although the connection lives' },
  throttle: { field: 'throttle', kind: 'share', says: '@connections calls answered 429' },
  'throttle-tables': { field: 'throttleTables', kind: 'share', says: 'DynamoDB calls answered ProvisionedThroughputExceededException' },
} as const satisfies Record<string, { field: keyof Faults; kind: 'share' | 'milliseconds'; says: string }>;

export type FaultName = keyof typeof FAULTS;

export interface ChangeableFaults extends Faults {
  /** Sets the named faults and leaves the others. Throws ERR_CONFIGURATION_INVALID and then changes nothing. */
  set(values: Readonly<Record<string, unknown>>): void;
  /** All faults by their names. */
  all(): Readonly<Record<FaultName, number>>;
}

const MAX_DELAY_MS = 600_000;

/** Reads `name=number,…`. Throws ERR_CONFIGURATION_INVALID that names every fault in the text. */
export const parseFaults = (text: string): Partial<Record<FaultName, number>> => {
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? ([part, Number.NaN] as const) : ([part.slice(0, at).trim(), toNumber(part.slice(at + 1))] as const);
    });
  return check(Object.fromEntries(pairs));
};

export const createFaults = (initial: Readonly<Record<string, unknown>> = {}): ChangeableFaults => {
  const values = { drop: 0, duplicate: 0, reorder: 0, delayMs: 0, gone: 0, throttle: 0, throttleTables: 0 };
  const set = (changes: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(check(changes))) values[FAULTS[name as FaultName].field] = value;
  };
  set(initial);

  const all = () =>
    Object.fromEntries(Object.entries(FAULTS).map(([name, { field }]) => [name, values[field]])) as Record<FaultName, number>;
  return Object.assign(values, { set, all });
};

const toNumber = (text: string): number => (/^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN);

const check = (values: Readonly<Record<string, unknown>>): Partial<Record<FaultName, number>> => {
  const wrong = Object.entries(values).flatMap(([name, value]) => {
    if (!Object.hasOwn(FAULTS, name)) return [`${name} is not a fault (there are ${Object.keys(FAULTS).join(', ')})`];
    const share = FAULTS[name as FaultName].kind === 'share';
    const valid = typeof value === 'number' && value >= 0 && value <= (share ? 1 : MAX_DELAY_MS);
    return valid ? [] : [`${name} must be ${share ? 'a share from 0 to 1' : `milliseconds from 0 to ${MAX_DELAY_MS}`}`];
  });
  if (wrong.length > 0) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `The faults cannot be read: ${wrong.join('; ')}. Example: drop=0.01,delay=50.`);
  }
  return values as Partial<Record<FaultName, number>>;
};
