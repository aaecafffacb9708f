// Relays a streamed answer to the client: head as soon as it is valid, then bytes at the pace of client and quota.
import type { ServerResponse } from 'node:http';
import type { Clock, InvokeStream } from '../services.ts';
import { IntegrationFailure } from './invoke-function.ts';
import { createPace } from './pace.ts';
import { createPreludeReader } from './prelude.ts';
import type { RestQuotas } from './quotas.ts';
import type { ResponseHead } from './response-head.ts';

export interface StreamParts {
  readonly stream: InvokeStream;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly quotas: RestQuotas;
  readonly idleMs: number;
  readonly timeoutMs: number;
  readonly writeHead: (head: ResponseHead) => void;
}

/** Payload bytes that were relayed, and whether the client got all. Throws IntegrationFailure while no head was sent. */
export const relayStream = async (parts: StreamParts): Promise<{ readonly bytes: number; readonly complete: boolean }> => {
  const { stream, response, quotas, clock } = parts;
  const prelude = createPreludeReader(quotas);
  const pace = createPace(clock, quotas.streamFreeBytes, quotas.streamBytesPerSecond);
  const limits = watchLimits(parts);
  const chunks = stream.chunks[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      const next = await limits.unlessBroken(chunks.next());
      if (next.done) break;
      limits.heard();
      const known = prelude.head !== undefined;
      const payload = prelude.read(next.value);
      if (!known && prelude.head) parts.writeHead(prelude.head);
      if (payload.length === 0) continue;
      await limits.unlessBroken(pause(clock, pace.delayMs(payload.length)));
      bytes += payload.length;
      checkLength(response, prelude.head, bytes, false);
      if (!response.write(payload)) await limits.unlessBroken(drained(response));
      limits.heard();
    }
    if (!prelude.head) throw new IntegrationFailure('malformed', 'The stream ended before the delimiter.');
    checkLength(response, prelude.head, bytes, true);
    response.end();
    return { bytes, complete: true };
  } catch (error) {
    stream.abort();
    if (!response.headersSent && !limits.clientGone) throw asFailure(error);
    // The head is out: only breaking the connection tells the client that this is not all.
    response.destroy();
    return { bytes, complete: false };
  } finally {
    limits.end();
  }
};

/** Ends the wait in hand when the client goes, when nothing comes for too long, or when the whole takes too long. */
const watchLimits = ({ response, clock, idleMs, timeoutMs }: StreamParts) => {
  let broken: Error | undefined;
  let clientGone = false;
  let wake = () => {};
  let heardAt = clock.now();
  const breakOff = (error: Error) => {
    broken ??= error;
    wake();
  };

  const onClose = () => {
    clientGone = true;
    breakOff(new Error('The client has gone.'));
  };
  response.once('close', onClose);
  const cancelTimeout = clock.after(timeoutMs, () =>
    breakOff(new IntegrationFailure('timeout', `The stream took more than ${timeoutMs} ms.`)),
  );
  const checkIdle = (): void => {
    const left = heardAt + idleMs - clock.now();
    if (left > 0) cancelIdle = clock.after(left, checkIdle);
    else breakOff(new IntegrationFailure('timeout', `The stream was silent for ${idleMs} ms.`));
  };
  let cancelIdle = clock.after(idleMs, checkIdle);

  return {
    get clientGone() {
      return clientGone;
    },
    heard: () => {
      heardAt = clock.now();
    },
    // Not Promise.race with one long-lived promise: that would keep a reaction for each chunk.
    unlessBroken: <Value>(awaited: Promise<Value>): Promise<Value> =>
      new Promise((resolve, reject) => {
        wake = () => reject(broken);
        if (broken) wake();
        awaited.then(resolve, reject);
      }),
    end: () => {
      cancelTimeout();
      cancelIdle();
      response.off('close', onClose);
    },
  };
};

/** Unverified on AWS: what becomes of a body that is not as long as its head says. A connection that went on could not be read. Throws. */
const checkLength = ({ req }: ServerResponse, head: ResponseHead | undefined, bytes: number, whole: boolean): void => {
  if (head === undefined || req.method === 'HEAD' || head.status === 204 || head.status === 304) return;
  const [, length] = head.headers.find(([name]) => name.toLowerCase() === 'content-length') ?? [];
  if (length !== undefined && (bytes > Number(length) || (whole && bytes < Number(length))))
    throw new Error(`The function wrote ${bytes} bytes, and its Content-Length says ${length}.`);
};

const asFailure = (error: unknown): IntegrationFailure =>
  error instanceof IntegrationFailure
    ? error
    : new IntegrationFailure('function-error', error instanceof Error ? error.message : String(error), { cause: error });

const pause = (clock: Clock, ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => clock.after(ms, resolve));

const drained = (response: ServerResponse): Promise<void> => new Promise((resolve) => response.once('drain', resolve));
