// Asynchronous invocations: the caller is not waited for, and an event whose function fails or is throttled comes again
// ("Asynchronous invocation", Lambda Developer Guide). Destinations and dead-letter queues are not simulated.
import { QUOTAS } from '../quotas.ts';
import type { Clock, Lambda } from '../services.ts';

/** "Lambda retries … with exponential backoff from 1 second … to a maximum of 5 minutes" when it is throttled. */
const THROTTLED_FIRST_MS = 1000;
const THROTTLED_MOST_MS = 300_000;

export interface AsyncQueue {
  add(functionArn: string, event: unknown): void;
  /** AWS::Lambda::EventInvokeConfig. */
  configure(functionArn: string, config: { readonly retries: number; readonly maxAgeMs: number }): void;
  dispose(): void;
}

export const createAsyncQueue = ({ clock, invoke }: { readonly clock: Clock; readonly invoke: Lambda['invoke'] }): AsyncQueue => {
  const configs = new Map<string, { readonly retries: number; readonly maxAgeMs: number }>();
  const timers = new Set<() => void>();
  let disposed = false;

  const later = (ms: number, work: () => void) => {
    if (disposed) return;
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      work();
    });
    timers.add(cancel);
  };

  const attempt = async (functionArn: string, event: unknown, since: number, failures: number, throttles: number): Promise<void> => {
    const { asyncRetries, asyncEventMaxAgeMs, asyncRetryDelaysMs } = QUOTAS.lambda;
    const { retries, maxAgeMs } = configs.get(functionArn) ?? { retries: asyncRetries, maxAgeMs: asyncEventMaxAgeMs };
    if (disposed || clock.now() - since > maxAgeMs) return;
    try {
      const { functionError } = await invoke(functionArn, event);
      if (functionError === undefined || failures >= retries) return;
      later(asyncRetryDelaysMs[failures] ?? 0, () => void attempt(functionArn, event, since, failures + 1, 0));
    } catch {
      // Throttled, or the service itself failed.
      const waitMs = Math.min(THROTTLED_MOST_MS, THROTTLED_FIRST_MS * 2 ** throttles);
      later(waitMs, () => void attempt(functionArn, event, since, failures, throttles + 1));
    }
  };

  return {
    add: (functionArn, event) => later(0, () => void attempt(functionArn, event, clock.now(), 0, 0)),
    configure: (functionArn, config) => configs.set(functionArn, config),
    dispose: () => {
      disposed = true;
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
};
