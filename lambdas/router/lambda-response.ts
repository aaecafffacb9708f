// The user's side over Lambda's response stream: prelude, then body. API Gateway sends it on as it comes.
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { ResponsePrelude, ResponseStream } from './awslambda.d.ts';
import type { UserResponse } from './ports.ts';

export type WithPrelude = (stream: Writable, prelude: ResponsePrelude) => Writable;

/** Of a stream that begins with a prelude. */
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);

/**
 * A cut answer is not destroyed here: the handler throws, and the runtime marks the stream as failed in its trailers (midstream error).
 * A stream destroyed before that could not carry them.
 */
export const lambdaResponse = (raw: ResponseStream, withPrelude: WithPrelude): UserResponse => {
  const gone = new AbortController();
  const left = (): void => {
    if (!raw.writableFinished) gone.abort(new SallyportError('ERR_USER_GONE'));
  };
  raw.once('close', left);
  raw.on('error', left);
  let stream: Writable | null = null;
  let held = false;

  return {
    gone: gone.signal,
    get begun() {
      return stream !== null;
    },
    // The prelude is JSON, and JSON may begin with blanks: API Gateway hears something, the user nothing.
    hold: () => {
      if (stream !== null || gone.signal.aborted) return;
      if (!held) raw.setContentType(PRELUDE_TYPE);
      held = true;
      raw.write(' ');
    },
    begin: (status, headers) => {
      const head = prelude(status, headers);
      if (held) {
        // The runtime writes a prelude before the first write only.
        stream = raw;
        stream.write(Buffer.concat([Buffer.from(JSON.stringify(head)), PRELUDE_END]));
        return;
      }
      stream = withPrelude(raw, head);
      // The prelude goes out with the first write, never with end() alone (aws.md §4.1).
      stream.write('');
    },
    write: async (chunk) => {
      gone.signal.throwIfAborted();
      if (!stream!.write(chunk)) await once(stream!, 'drain', { signal: gone.signal });
    },
    end: async () => {
      gone.signal.throwIfAborted();
      const finished = once(stream!, 'finish', { signal: gone.signal });
      stream!.end();
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
