// A user who takes the response and remembers it.
import { SallyportError } from '../../../protocol/errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { HeadTooLarge, type UserResponse } from '../ports.ts';

export interface RecordedResponse extends UserResponse {
  status: number | null;
  headers: HeaderList;
  readonly body: () => Buffer;
  ended: boolean;
  /** While true, no write returns. */
  slow: boolean;
  /** How often it was held before its head. */
  held: number;
  maxBytes: number;
  /** Of a head as JSON. */
  headMaxBytes: number;
  takeAgain(): void;
  leave(): void;
  header(name: string): string | null;
  headerAll(name: string): string[];
}

export const recordResponse = (): RecordedResponse => {
  const chunks: Uint8Array[] = [];
  const gone = new AbortController();
  let wake: () => void = () => undefined;
  const response: RecordedResponse = {
    status: null,
    headers: [],
    ended: false,
    slow: false,
    held: 0,
    hold: () => {
      response.held += 1;
    },
    maxBytes: Number.POSITIVE_INFINITY,
    headMaxBytes: Number.POSITIVE_INFINITY,
    gone: gone.signal,
    get begun() {
      return response.status !== null;
    },
    body: () => Buffer.concat(chunks),
    begin: (status, headers) => {
      if (response.status !== null) throw new Error('A response has one head.');
      const bytes = JSON.stringify(headers).length;
      if (bytes > response.headMaxBytes) throw new HeadTooLarge(bytes, response.headMaxBytes);
      response.status = status;
      response.headers = headers;
    },
    write: async (chunk) => {
      gone.signal.throwIfAborted();
      chunks.push(chunk);
      while (response.slow && !gone.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      gone.signal.throwIfAborted();
    },
    end: async () => {
      response.ended = true;
    },
    takeAgain: () => {
      response.slow = false;
      wake();
    },
    leave: () => {
      gone.abort(new SallyportError('ERR_USER_GONE'));
      wake();
    },
    headerAll: (name) => response.headers.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
    header: (name) => response.headerAll(name)[0] ?? null,
  };
  return response;
};
