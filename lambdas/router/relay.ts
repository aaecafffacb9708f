// Last pass: the response to the user, no faster than the user takes it. A response that breaks off is broken off:
// nobody may take half a file for a whole one.
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Exchange } from './exchange.ts';
import { isResumable } from './is-resumable.ts';
import { type Peeked, peeked } from './peeked.ts';
import { HeadTooLarge, type UserResponse } from './ports.ts';
import type { ResponseHead } from './response-inbox.ts';

/** The answer as the user gets it. */
export interface Prepared {
  readonly headers: HeaderList;
  readonly body: (parts: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
}

/** Answers the bytes of body relayed. Throws what ended the exchange early, or ERR_USER_GONE. */
export const relay = async (
  exchange: Pick<Exchange, 'body' | 'cancel'>,
  method: string,
  head: ResponseHead,
  prepare: (head: ResponseHead, first: Peeked['first']) => Promise<Prepared>,
  response: UserResponse,
): Promise<number> => {
  const stop = (): void => exchange.cancel(response.gone.reason);
  response.gone.addEventListener('abort', stop, { once: true });
  try {
    response.gone.throwIfAborted();
    refuseHopeless(method, head, response.maxBytes);
    const { first, parts } = peeked(exchange.body());
    const { headers, body } = await prepare(head, first);
    response.gone.throwIfAborted();
    begin(response, head.status, headers);
    let bytes = 0;
    for await (const part of body(parts())) {
      const carried = part.subarray(0, response.maxBytes - bytes);
      await response.write(carried);
      bytes += carried.length;
      if (carried.length < part.length) throw tooLarge(`Cut after ${bytes} bytes: a user who asks for the rest (Range) gets it.`);
    }
    await response.end();
    return bytes;
  } catch (error) {
    const failure = response.gone.aborted ? response.gone.reason : asSallyportError(error);
    exchange.cancel(failure);
    throw failure;
  } finally {
    response.gone.removeEventListener('abort', stop);
  }
};

const begin = (response: UserResponse, status: number, headers: HeaderList): void => {
  try {
    response.begin(status, headers);
  } catch (error) {
    if (!(error instanceof HeadTooLarge)) throw error;
    throw new SallyportError(
      'ERR_ORIGIN_INVALID',
      `Status and header fields of the application's answer are ${error.bytes} bytes with what we add to them; ${error.maxBytes} can be carried.`,
      { cause: error },
    );
  }
};

/** What is bound to be cut, and cannot be gone on with, is not begun: the user would wait minutes for nothing, again and again. */
const refuseHopeless = (method: string, head: ResponseHead, maxBytes: number): void => {
  const length = Number(head.headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]);
  if (method === 'HEAD' || !(length > maxBytes) || isResumable(method, head)) return;
  throw tooLarge(`${length} bytes, of which ${maxBytes} would get through, and the application does not say that it serves ranges.`);
};

const tooLarge = (message: string): SallyportError => new SallyportError('ERR_RESPONSE_TOO_LARGE', message);
