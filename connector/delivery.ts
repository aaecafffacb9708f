// Brings a frame to a router's connection: tries again while trying can help, and says when it cannot.
import { RESUME_MS } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Backoff } from './backoff.ts';
import { type Clock, pause } from './clock.ts';
import type { Post, PostResult } from './ports.ts';

/** What one attempt came to. `refused`: the credentials do not hold; `busy`: too many requests, a fault, or no answer. */
export type Attempt = 'delivered' | 'gone' | 'busy' | 'refused' | 'invalid';

/** One attempt at the Reply API. Never rejects. */
export type SendOnce = (text: string, replyTo: string) => Promise<Attempt>;

const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 2_000;

export interface DeliveryOptions {
  readonly send: SendOnce;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** The credentials were refused: fresh ones are wanted. */
  readonly onRefused: () => void;
  readonly count: (result: Attempt) => void;
}

export const createPost = ({ send, clock, random, log, onRefused, count }: DeliveryOptions): Post => {
  const FINAL: Readonly<Partial<Record<Attempt, PostResult>>> = { delivered: 'delivered', gone: 'gone', invalid: 'failed' };

  return async (text, replyTo, wanted) => {
    const backoff = new Backoff({ baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS, random });
    const until = clock.monotonic() + RESUME_MS;
    for (;;) {
      const attempt = await send(text, replyTo);
      count(attempt);
      const result = FINAL[attempt];
      if (result) return result;
      if (attempt === 'refused') onRefused();
      if (!wanted()) return 'failed';
      const wait = backoff.next();
      if (clock.monotonic() + wait >= until) {
        log.warn('reply.undelivered', { code: 'ERR_EXCHANGE_LOST', attempts: backoff.attempts, last: attempt });
        return 'failed';
      }
      await pause(clock, wait).over;
    }
  };
};
