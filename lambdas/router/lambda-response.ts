// The user's side over Lambda's response stream: prelude, then body. API Gateway sends it on as it comes.
import { once } from 'node:events';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { RESPONSE_HEAD_MAX_BYTES, RESPONSE_MAX_BYTES } from '../../protocol/limits.ts';
import type { ResponsePrelude, ResponseStream } from './awslambda.d.ts';
import { type Clock, HeadTooLarge, type UserResponse } from './ports.ts';

/** What `HttpResponseStream.from` would set: the stream begins with a prelude and eight NUL bytes. */
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = new Uint8Array(8);
/** A user who takes nothing for this long has gone: API Gateway ends a stream that is silent for so long. */
const STALL_MS = 5 * 60_000;

/**
 * Lambda tells a function nothing of a user who left, as far as is known (docs/limits.md): so a stream that breaks and one that takes
 * nothing more are both signs of it. The stream is opened at once, because one that is not open can show neither.
 *
 * A cut answer is not destroyed here: the handler throws, and the runtime marks the stream as failed in its trailers (midstream error).
 * A stream destroyed before that could not carry them.
 */
export const lambdaResponse = (stream: ResponseStream, clock: Clock): UserResponse => {
  const gone = new AbortController();
  const leave = (why: string): void => gone.abort(new SallyportError('ERR_USER_GONE', why));
  const closed = (): void => {
    if (!stream.writableFinished) leave('The response stream was closed.');
  };
  stream.once('close', closed);
  stream.on('error', closed);
  stream.setContentType(PRELUDE_TYPE);
  stream.write('');
  let begun = false;
  let blanks = 0;

  /** Resolves with the event, and no later than the user is seen to have gone. */
  const taken = async (event: 'drain' | 'finish'): Promise<void> => {
    const cancel = clock.after(STALL_MS, () => leave(`The user has taken nothing for ${STALL_MS / 1000} s.`));
    try {
      await once(stream, event, { signal: gone.signal });
    } catch (error) {
      throw gone.signal.aborted ? gone.signal.reason : error;
    } finally {
      cancel();
    }
  };

  return {
    gone: gone.signal,
    maxBytes: RESPONSE_MAX_BYTES,
    get begun() {
      return begun;
    },
    // The prelude is JSON, and JSON may begin with blanks: API Gateway hears something, the user nothing.
    hold: () => {
      if (begun || gone.signal.aborted) return;
      blanks += 1;
      stream.write(' ');
    },
    begin: (status, headers) => {
      const head = Buffer.from(JSON.stringify(prelude(status, headers)));
      const bytes = blanks + head.length + DELIMITER.length;
      if (bytes > RESPONSE_HEAD_MAX_BYTES) throw new HeadTooLarge(bytes, RESPONSE_HEAD_MAX_BYTES);
      begun = true;
      stream.write(head);
      stream.write(DELIMITER);
    },
    write: async (chunk) => {
      gone.signal.throwIfAborted();
      if (!stream.write(chunk)) await taken('drain');
    },
    end: async () => {
      gone.signal.throwIfAborted();
      const finished = taken('finish');
      stream.end();
      await finished;
    },
  };
};

/** `headers` would keep one field of a name; `multiValueHeaders` keeps each (Set-Cookie, WWW-Authenticate), under its first spelling. */
export const prelude = (statusCode: number, headers: HeaderList): ResponsePrelude => {
  const fields = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of headers) {
    const field = fields.get(name.toLowerCase());
    if (field) field.values.push(value);
    else fields.set(name.toLowerCase(), { name, values: [value] });
  }
  return { statusCode, multiValueHeaders: Object.fromEntries([...fields.values()].map(({ name, values }) => [name, values])) };
};
