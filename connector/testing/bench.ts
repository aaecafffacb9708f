// The exchanges of one connector on a test bench: a router that is only a list of what it received, an origin that a test plays.
import { randomBytes } from 'node:crypto';
import { decode, encode, type FrameKey, type OpenedFrame } from '../../protocol/codec.ts';
import { decompress } from '../../protocol/coding.ts';
import { connectorSide, serviceSide } from '../../protocol/frame-keys.ts';
import type { ConnectorFrame, Frame, RequestFrame } from '../../protocol/frames.ts';
import { createLog } from '../../protocol/log.ts';
import { parseAllowedOrigin } from '../allowlist.ts';
import { withResolvers } from '../clock.ts';
import { Exchanges } from '../exchanges.ts';
import { Ledger } from '../ledger.ts';
import type { OriginAnswer, OriginCall, PostResult } from '../ports.ts';
import { ServiceClock } from '../service-clock.ts';
import { Sockets } from '../sockets.ts';
import { ManualClock, settled } from './manual-clock.ts';

export const KEY = new Uint8Array(32).fill(7);
/** Where both sides know a key for each direction. */
export const SERVICE_KEY = serviceSide(KEY);
export const CONNECTOR_KEY = connectorSide(KEY);
export const CONNECTOR = 'connector-1';

export interface Posted {
  readonly frame: ConnectorFrame;
  readonly payload: Buffer;
  readonly replyTo: string;
  readonly key: FrameKey;
}

/** A body that a test writes piece by piece. `read` counts how many pieces were taken from it. */
export class PlayedBody implements AsyncIterable<Uint8Array> {
  readonly #pieces: Array<Uint8Array | Error | null> = [];
  #wake: (() => void) | null = null;
  read = 0;

  write(...pieces: Array<string | Uint8Array | Error | null>): this {
    this.#pieces.push(...pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
    this.#wake?.();
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (this.#pieces.length === 0) {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
      const piece = this.#pieces.shift()!;
      if (piece === null) return;
      if (piece instanceof Error) throw piece;
      this.read += 1;
      yield piece;
    }
  }
}

/** By whichever key of the service's it was sealed for. */
const opened = (text: string): OpenedFrame => {
  try {
    return decode(text, () => SERVICE_KEY);
  } catch {
    return decode(text, () => KEY);
  }
};

export const createBench = ({ allow = ['http://app.corp'], memory = 64 << 20, limit = 100, originSockets = 100 } = {}) => {
  const clock = new ManualClock();
  const log: Array<Record<string, unknown>> = [];
  const posted: Posted[] = [];
  const calls: Array<OriginCall & { answer(answer: OriginAnswer): void; fail(error: unknown): void }> = [];
  const ledger = new Ledger(memory);
  /** Origins that requests asked for, and what became of that. */
  const tried: Array<readonly [string, boolean, string | null]> = [];
  let reply = async (_posted: Posted): Promise<PostResult> => 'delivered';
  const serviceClock = new ServiceClock(clock);
  const post = (text: string, replyTo: string): Promise<PostResult> => {
    const { frame, payload, key } = opened(text);
    const one = { frame: frame as ConnectorFrame, payload, replyTo, key };
    posted.push(one);
    return reply(one);
  };
  const lines = createLog({ write: (line) => log.push(JSON.parse(line)) });
  const bench = {
    clock,
    /** The service's time falls back by so much. */
    turnBack: (ms: number): void => serviceClock.learn(clock.now() - ms, clock.monotonic()),
    log,
    posted,
    calls,
    ledger,
    tried,
    /** What the Reply API answers to a post; may wait. */
    set reply(answer: typeof reply) {
      reply = answer;
    },
    exchanges: new Exchanges({
      clock,
      serviceClock,
      post,
      sockets: new Sockets({ clock, post, ledger, log: lines, limit: originSockets }),
      callOrigin: (call) => {
        const { promise, resolve, reject } = withResolvers<OriginAnswer>();
        calls.push({ ...call, answer: resolve, fail: reject });
        call.signal.addEventListener('abort', () => reject(call.signal.reason));
        return promise;
      },
      settle: (callback) => setImmediate(callback),
      allowlist: allow.map(parseAllowedOrigin),
      ledger,
      limit,
      log: lines,
      tried: (target, code) => tried.push([target.origin, target.verifyCertificate, code]),
      count: () => {},
    }),
    request: (fields: Partial<RequestFrame> = {}): RequestFrame => ({
      type: 'request',
      exchange: randomBytes(12).toString('base64url'),
      n: 0,
      connector: CONNECTOR,
      application: 'wiki',
      user: 'alice',
      method: 'GET',
      url: 'http://app.corp/page?q=1',
      headers: [['Host', 'app.corp']],
      replyTo: 'router-1',
      issuedAt: clock.now(),
      timeoutMs: 60_000,
      verifyCertificate: true,
      hasBody: false,
      end: true,
      ...fields,
    }),
    /** A frame arrives, sealed by a key, over a tunnel with one: those of an older service unless a test says otherwise. */
    deliver: async (frame: Frame, payload: string | Uint8Array = '', key: FrameKey = KEY, tunnel: FrameKey = KEY): Promise<void> => {
      bench.exchanges.receive(encode(frame, key, Buffer.from(payload as Uint8Array)), tunnel);
      await settled();
    },
    /** Body bytes of the frames posted for an exchange, in order and without doubles. */
    received: (replyTo?: string): Buffer => {
      const numbered = new Map<number, Buffer>();
      for (const post of posted) {
        if ((replyTo !== undefined && post.replyTo !== replyTo) || !('n' in post.frame)) continue;
        const coded = 'coding' in post.frame && post.frame.coding !== undefined;
        numbered.set(post.frame.n, coded ? decompress(post.payload) : post.payload);
      }
      return Buffer.concat([...numbered].sort(([one], [other]) => one - other).map(([, payload]) => payload));
    },
    codes: (): unknown[] => log.map(({ code }) => code).filter((code) => code !== undefined),
  };
  bench.exchanges.use(CONNECTOR);
  return bench;
};

export const answerOf = (body: AsyncIterable<Uint8Array>, headers: OriginAnswer['headers'] = [], status = 200): OriginAnswer => ({
  status,
  headers,
  body,
});
