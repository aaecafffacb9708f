// How many invocations may run at once: the account's limit, of which a function may have reserved a part ("Lambda function scaling").
import { AwsError } from '../services.ts';

export interface Concurrency {
  /** Takes a place and gives back what frees it. Throws `AwsError` TooManyRequestsException when there is none. */
  take(functionName: string, reserved: number | null): () => void;
  /** Keeps a part of the account's limit for one function. */
  reserve(amount: number): void;
}

export const createConcurrency = (limit: number): Concurrency => {
  const running = new Map<string, number>();
  let reservedInAll = 0;
  let unreservedRunning = 0;

  return {
    reserve: (amount) => {
      reservedInAll += amount;
    },
    take: (functionName, reserved) => {
      const own = running.get(functionName) ?? 0;
      if (reserved === null ? unreservedRunning >= limit - reservedInAll : own >= reserved) {
        throw new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.');
      }
      running.set(functionName, own + 1);
      if (reserved === null) unreservedRunning += 1;

      let taken = true;
      return () => {
        if (!taken) return;
        taken = false;
        running.set(functionName, (running.get(functionName) ?? 1) - 1);
        if (reserved === null) unreservedRunning -= 1;
      };
    },
  };
};
