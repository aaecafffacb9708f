// Which connector could not, or may not, reach which origin a moment ago: it is asked last, until that may have changed.
import type { Tunnel } from '../stores/records.ts';
import type { Clock } from './ports.ts';

export interface Reach {
  /** The connector has sent nothing to the origin, because it may not or cannot reach it. */
  failed(connector: string, origin: string): void;
  /** The connector has an answer of the origin. */
  worked(connector: string, origin: string): void;
  /** Whether the connector of this tunnel is to be asked last. */
  doubted(tunnel: Pick<Tunnel, 'connector' | 'openedAt'>, origin: string): boolean;
}

/** Rare enough that a connector which waits for a time-out each time costs few users theirs. */
const DOUBT_MS = 30_000;
const REMEMBERED_MAX = 1_000;

export const createReach = ({ now }: Pick<Clock, 'now'>): Reach => {
  /** When each failed last. */
  const failures = new Map<string, number>();
  const keyOf = (connector: string, origin: string): string => `${connector} ${origin}`;
  return {
    failed: (connector, origin) => {
      const key = keyOf(connector, origin);
      // A map keeps the order of insertion: the first is the one of longest ago.
      failures.delete(key);
      failures.set(key, now());
      if (failures.size > REMEMBERED_MAX) failures.delete(failures.keys().next().value!);
    },
    worked: (connector, origin) => void failures.delete(keyOf(connector, origin)),
    doubted: ({ connector, openedAt }, origin) => {
      const failedAt = failures.get(keyOf(connector, origin));
      // A tunnel that was opened since may be that of a connector with another configuration.
      return failedAt !== undefined && now() - failedAt < DOUBT_MS && openedAt <= failedAt;
    },
  };
};
