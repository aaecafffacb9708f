// Last pass: the response to the user, no faster than the user takes it. A response that breaks off is broken off:
// nobody may take half a file for a whole one.
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Exchange } from './exchange.ts';
import type { UserResponse } from './ports.ts';
import type { ResponseHead } from './response-inbox.ts';

/** Answers the bytes of body relayed. Throws what ended the exchange early, or ERR_USER_GONE. */
export const relay = async (
  exchange: Pick<Exchange, 'body' | 'cancel'>,
  { status, headers }: ResponseHead,
  clean: (headers: HeaderList) => HeaderList,
  response: UserResponse,
): Promise<number> => {
  const stop = (): void => exchange.cancel(new SallyportError('ERR_USER_GONE'));
  response.gone.addEventListener('abort', stop, { once: true });
  try {
    if (response.gone.aborted) throw new SallyportError('ERR_USER_GONE');
    response.begin(status, clean(headers));
    let bytes = 0;
    for await (const part of exchange.body()) {
      await response.write(part);
      bytes += part.length;
    }
    await response.end();
    return bytes;
  } catch (error) {
    const failure = response.gone.aborted ? new SallyportError('ERR_USER_GONE') : asSallyportError(error);
    exchange.cancel(failure);
    throw failure;
  } finally {
    response.gone.removeEventListener('abort', stop);
  }
};
