// Counts what AWS would bill. The bill's lines are data: a unit that is not in the table is a programming error.
import type { Meter } from './services.ts';

/** Unit → what AWS bills it as. `labels` say for which API, function or table. */
export const UNITS = {
  'rest-requests': 'API Gateway: REST API requests',
  'http-requests': 'API Gateway: HTTP API requests, by 512 KB',
  'websocket-messages': 'API Gateway: WebSocket messages by 32 KB; labels api, direction (in, out)',
  'websocket-connection-minutes': 'API Gateway: WebSocket connection minutes; label api',
  invocations: 'Lambda: requests; label function',
  'gb-seconds': 'Lambda: duration × memory; label function',
  'read-units': 'DynamoDB: read request units; label table',
  'write-units': 'DynamoDB: write request units, indexes included; label table',
  'table-calls': 'DynamoDB: calls (not billed; tells zero from half a unit); labels table, action',
  'logs-calls': 'CloudWatch Logs: calls that read (not billed); label action',
  'secrets-calls': 'Secrets Manager: API calls; label action',
  'sts-calls': 'STS: API calls (not billed); label action',
} as const;

export type Unit = keyof typeof UNITS;

export interface MeterLine {
  readonly unit: Unit;
  readonly labels: Readonly<Record<string, string>>;
  readonly amount: number;
}

export interface MeterSnapshot {
  /** Sum of each unit over its labels; every unit is present. */
  readonly totals: Readonly<Record<Unit, number>>;
  readonly lines: readonly MeterLine[];
}

export interface ReadableMeter extends Meter {
  snapshot(): MeterSnapshot;
  reset(): void;
}

const isUnit = (unit: string): unit is Unit => Object.hasOwn(UNITS, unit);

export const createMeter = (): ReadableMeter => {
  const lines = new Map<string, { unit: Unit; labels: Readonly<Record<string, string>>; amount: number }>();

  return {
    add: (unit, amount, labels = {}) => {
      if (!isUnit(unit)) throw new Error(`The meter has no unit ${unit}: add it to simulator/meter.ts.`);
      if (!Number.isFinite(amount) || amount < 0) throw new Error(`The meter cannot add ${amount} ${unit}.`);
      let key: string = unit;
      for (const name of Object.keys(labels).sort()) key += `|${name}=${labels[name]}`;
      const line = lines.get(key);
      if (line) line.amount += amount;
      else lines.set(key, { unit, labels: { ...labels }, amount });
    },
    snapshot: () => {
      const totals = Object.fromEntries(Object.keys(UNITS).map((unit) => [unit, 0])) as Record<Unit, number>;
      for (const line of lines.values()) totals[line.unit] += line.amount;
      return { totals, lines: [...lines.values()].map((line) => ({ ...line })) };
    },
    reset: () => lines.clear(),
  };
};
