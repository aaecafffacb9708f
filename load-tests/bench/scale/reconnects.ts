// A reconnect storm of ten thousand connectors in virtual time: all lose their tunnels at once and dial again after the supervisor's own waits,
// while API Gateway takes 500 new connections a second of an account and refuses the rest.
import { Backoff } from '../../../connector/backoff.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from '../../../connector/supervisor.ts';

export interface Storm {
  readonly connectors: number;
  readonly jitter: boolean;
  readonly dials: number;
  readonly refused: number;
  /** Until half, 99 of 100 and all are back. */
  readonly halfSeconds: number;
  readonly p99Seconds: number;
  readonly allSeconds: number;
  /** Connectors that are back, second by second. */
  readonly back: ReadonlyArray<readonly [second: number, connectors: number]>;
}

/** Account and Region; whether a burst beyond is let through is not documented, so none is. */
export const NEW_CONNECTIONS_PER_SECOND = 500;
/** A dial that is taken and greeted, or refused: TLS and an authorizer's function, an assumption. */
const DIAL_MS = 300;

/** The same storm for the same seed (xorshift). */
const seeded = (seed: number) => {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

export const simulateStorm = (connectors: number, { jitter = true, seed = 1 }: { jitter?: boolean; seed?: number } = {}): Storm => {
  const chance = seeded(seed);
  // Without jitter each waits for the whole of what it may wait for.
  const random = jitter ? chance : () => 1 - Number.EPSILON;
  const waits = Array.from({ length: connectors }, () => new Backoff({ baseMs: BACKOFF_BASE_MS, capMs: BACKOFF_CAP_MS, random }));
  /** Milliseconds → who dials then. */
  const due = new Map<number, number[]>();
  const at = (ms: number, who: number) => void due.set(ms, [...(due.get(ms) ?? []), who]);
  for (const [who, backoff] of waits.entries()) at(backoff.next(), who);

  const takenIn = new Map<number, number>();
  const backAt: number[] = [];
  let dials = 0;
  for (let now = 0; backAt.length < connectors; now += 1) {
    for (const who of due.get(now) ?? []) {
      dials += 1;
      const second = Math.floor(now / 1000);
      const taken = takenIn.get(second) ?? 0;
      if (taken < NEW_CONNECTIONS_PER_SECOND) {
        takenIn.set(second, taken + 1);
        backAt.push(now + DIAL_MS);
      } else at(now + DIAL_MS + waits[who]!.next(), who);
    }
    due.delete(now);
  }
  backAt.sort((one, other) => one - other);
  const seconds = (share: number) => backAt[Math.ceil(connectors * share) - 1]! / 1000;
  const last = Math.ceil(seconds(1));
  const step = Math.max(1, Math.ceil(last / 40));
  const back = Array.from({ length: Math.ceil(last / step) + 1 }, (_, index) => index * step).map(
    (second) => [second, backAt.filter((ms) => ms <= second * 1000).length] as const,
  );
  return {
    ...{ connectors, jitter, dials, refused: dials - connectors, back },
    ...{ halfSeconds: seconds(0.5), p99Seconds: seconds(0.99), allSeconds: seconds(1) },
  };
};
