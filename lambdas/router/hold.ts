// While nothing can be told to the user yet: signs of life on the response stream, which API Gateway ends after five silent minutes.
import { RESPONSE_HOLD_MS } from '../../protocol/limits.ts';
import type { Clock, UserResponse } from './ports.ts';

/** Holds the response for as long as `work` takes. */
export const holding = async <Value>(
  clock: Pick<Clock, 'after'>,
  response: Pick<UserResponse, 'hold'>,
  work: Promise<Value>,
): Promise<Value> => {
  const again = (): void => {
    response.hold();
    cancel = clock.after(RESPONSE_HOLD_MS, again);
  };
  let cancel = clock.after(RESPONSE_HOLD_MS, again);
  try {
    return await work;
  } finally {
    cancel();
  }
};
