// One WebSocket between a user and an origin: messages of the origin go to the user's connection on the Reply API as numbered frames, frames
// of the user come over the tunnel, in whatever order, and go to the origin in theirs. The user's connection may be replaced at any time.
import type { FrameKey } from '../protocol/codec.ts';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { frameCost, ReceiveWindow } from '../protocol/flow.ts';
import type { Upgrade } from '../protocol/frames.ts';
import {
  FRAME_MIN_COST_BYTES,
  PAYLOAD_MAX_BYTES,
  SOCKET_AWAY_MS,
  SOCKET_CLIENT_PAYLOAD_BYTES,
  SOCKET_OPEN_MS,
  SOCKET_PARTS_MAX,
  SOCKET_RECEIPT_MS,
  SOCKET_WINDOW_BYTES,
} from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Reassembly } from '../protocol/reassembly.ts';
import type { AnySocketFrame, SocketFrame, SocketLink } from '../protocol/socket-frames.ts';
import { Timers } from '../protocol/timers.ts';
import { type Clock, withResolvers } from './clock.ts';
import type { Account } from './ledger.ts';
import type { OriginSocket, Post } from './ports.ts';
import { Sender } from './sender.ts';
import { PART_COST_BYTES, SocketQueue } from './socket-queue.ts';

export interface SocketContext {
  readonly clock: Clock;
  readonly post: Post;
  readonly account: Account;
  /** Whether the connector holds as much as it may. */
  readonly full: () => boolean;
  readonly log: Log;
  readonly onClosed: () => void;
}

/** What ends a WebSocket that nobody closed (RFC 6455 §7.4.1, and the registry of close codes that it began). */
const GOING_AWAY = 1001;
const BROKEN_OFF = 1006;
const POLICY = 1008;
const RESTARTING = 1012;
/** The origin is read no further while so much waits for the user, or anything at all when the connector is full. */
const WAITING_MAX_BYTES = 1024 * 1024;
const EARLY_FRAMES = SOCKET_WINDOW_BYTES / FRAME_MIN_COST_BYTES + 1;
/** What the window lets a user send before the first of it is here. */
const EARLY = {
  frames: EARLY_FRAMES,
  bytes: SOCKET_WINDOW_BYTES + SOCKET_CLIENT_PAYLOAD_BYTES + EARLY_FRAMES * SOCKET_PARTS_MAX * PART_COST_BYTES,
};
/** A process that ends does not wait longer for its last frames to be posted. */
const TOLD_MS = 3_000;

type Timer = 'resume' | 'receipt' | 'age' | 'idle' | 'told';
type Opened = { readonly frame: SocketFrame; readonly payload: Buffer };

/** Memory that a user's frame takes: messages without a byte do so as well. */
const heldBy = ({ frame, payload }: { readonly frame: Pick<SocketFrame, 'parts'>; readonly payload: Buffer }): number =>
  payload.length + frame.parts.length * PART_COST_BYTES;

export class Socket {
  readonly key: FrameKey;
  readonly #id: string;
  readonly #origin: OriginSocket;
  readonly #context: SocketContext;
  readonly #idleMs: number;
  readonly #incoming = new Reassembly<Opened>(EARLY);
  readonly #window = new ReceiveWindow(SOCKET_WINDOW_BYTES);
  readonly #outgoing = new SocketQueue();
  readonly #timers: Timers<Timer>;
  #sender: Sender | null = null;
  #link: SocketLink = { id: '', number: -1 };
  #usedAt: number;
  /** What of the window the user's frames have taken, and their bytes that the origin has not. */
  #spent = 0;
  #untaken = 0;
  #away = true;
  #paused = false;
  #finished = false;
  #closed = false;
  #told: () => void = () => undefined;

  constructor(id: string, key: FrameKey, origin: OriginSocket, { maxAgeMs, idleMs }: Upgrade, context: SocketContext) {
    this.#id = id;
    this.key = key;
    this.#origin = origin;
    this.#context = context;
    this.#idleMs = idleMs;
    this.#usedAt = context.clock.monotonic();
    this.#timers = new Timers(context.clock);
    this.#awaitLink();
    this.#timers.arm('age', maxAgeMs, () => this.end(POLICY, 'ERR_SOCKET_AGE: open for as long as is allowed'));
    this.#watchIdle();
    origin.listen({
      message: (data, kind, more) => {
        this.#usedAt = context.clock.monotonic();
        this.#outgoing.message(data, kind, more);
        this.#flow();
      },
      closed: (code, reason) => this.#finish(code, reason),
    });
  }

  /** A frame of this WebSocket that the codec opened. */
  accept({ frame, payload }: { readonly frame: AnySocketFrame; readonly payload: Buffer }): void {
    if (this.#closed) return;
    if (frame.type === 'socket-lost') {
      if (frame.link.number === this.#link.number) this.#awaitLink();
      return;
    }
    if (frame.link) this.#follow(frame.link, frame.received);
    this.#sender?.acknowledge(frame.received, frame.limit);
    if (frame.type === 'socket') this.#take({ frame, payload });
    this.#flow();
  }

  /** The connector has a new tunnel: the user is told to send there. */
  moved(tunnel: string): void {
    this.#sender?.note({ type: 'moved', exchange: this.#id, tunnel, received: this.#incoming.received });
  }

  /** Its user has no connection: what it holds is held for nobody yet. */
  get away(): boolean {
    return this.#away;
  }

  /** What it holds is needed for others. */
  giveUp(reason = 'The user is away, and memory is needed.'): void {
    this.end(GOING_AWAY, reason);
    this.#close();
  }

  /** Closes both sides. */
  end(code: number, reason: string): void {
    if (this.#finished) return;
    this.#context.log.info('socket.ended', { code, reason });
    this.#origin.terminate();
    this.#finish(code, reason);
  }

  /** The process ends. Resolves when the user was told, as far as that can be, so that their page opens a new one elsewhere. */
  async abandon(): Promise<void> {
    this.end(RESTARTING, 'The connector is being restarted.');
    const told = withResolvers<void>();
    this.#told = told.resolve;
    this.#timers.arm('told', TOLD_MS, told.resolve);
    this.#flow();
    await told.promise;
    this.#close();
  }

  #take(opened: Opened): void {
    try {
      for (const { frame, payload } of this.#incoming.accept(opened.frame.n, opened, heldBy(opened))) this.#deliver(frame, payload);
      // A user could keep back the first of many, and nothing else gives them up.
      if (this.#incoming.held > 0 && this.#context.full()) this.giveUp('Frames came before others, and memory is needed.');
    } catch (error) {
      const { code, message } = asSallyportError(error);
      this.end(POLICY, `${code}: ${message}`.slice(0, 120));
    }
  }

  #deliver({ parts, close }: SocketFrame, payload: Buffer): void {
    if (this.#spent >= this.#window.limit) throw new SallyportError('ERR_FRAME_OVERFLOW', 'The user sends more than was allowed.');
    this.#spent += frameCost(payload.length);
    const held = heldBy({ frame: { parts }, payload });
    this.#untaken += held;
    this.#usedAt = this.#context.clock.monotonic();
    let at = 0;
    let left = parts.length;
    const taken = () => {
      left -= 1;
      if (left <= 0) this.#taken(payload.length, held);
    };
    for (const [kind, bytes, more] of parts) {
      if (at + bytes > payload.length) throw new SallyportError('ERR_FRAME_INVALID', 'A frame has less payload than its parts.');
      this.#origin.send(payload.subarray(at, at + bytes), kind, more, taken);
      at += bytes;
    }
    if (close) this.#origin.close(close.code, close.reason);
  }

  /** The origin has taken so much, so the user may send as much again: told at once when half is used up, else with the next message. */
  #taken(bytes: number, held: number): void {
    if (this.#closed) return;
    this.#untaken -= held;
    if (this.#window.consume(bytes) !== null) this.#tell();
    else this.#timers.armOnce('receipt', SOCKET_RECEIPT_MS, () => this.#tell());
  }

  #follow(link: SocketLink, received: number): void {
    if (link.number <= this.#link.number) return;
    this.#link = link;
    this.#away = false;
    this.#timers.disarm('resume');
    if (this.#sender === null) {
      this.#sender = new Sender({ replyTo: link.id, key: this.key, post: this.#context.post, changed: () => this.#flow() });
    } else if (!this.#sender.resume(link.id, received)) {
      this.end(BROKEN_OFF, 'ERR_EXCHANGE_LOST');
    }
  }

  /** Sends what may be sent, reads on or pauses, and ends what has ended. */
  #flow(): void {
    if (this.#closed) return;
    const sender = this.#sender;
    if (sender?.lost) this.#awaitLink();
    while (sender?.ready && (this.#outgoing.fills(PAYLOAD_MAX_BYTES) || (sender.quiet && !this.#outgoing.empty))) this.#send(sender);
    const waits = this.#outgoing.held > (this.#context.full() ? 0 : WAITING_MAX_BYTES);
    if (waits && !this.#paused) this.#origin.pause();
    if (!waits && this.#paused) this.#origin.resume();
    this.#paused = waits;
    if (this.#finished && (sender === null || sender.lost || (this.#outgoing.empty && sender.quiet))) this.#told();
    if (this.#finished && this.#outgoing.empty && sender?.acknowledged) this.#close();
    else this.#context.account.note(this.#outgoing.held + (sender?.size ?? 0) + this.#incoming.heldBytes + this.#untaken);
  }

  #send(sender: Sender): void {
    const { parts, payload, close } = this.#outgoing.take(PAYLOAD_MAX_BYTES);
    const frame = { type: 'socket', exchange: this.#id, n: sender.next, parts, ...this.#receipt(), ...(close && { close }) } as const;
    sender.send(frame, payload, payload.length);
  }

  #tell(): void {
    this.#sender?.note({ type: 'socket-receipt', exchange: this.#id, ...this.#receipt() });
  }

  #receipt(): { readonly received: number; readonly limit: number } {
    this.#timers.disarm('receipt');
    return { received: this.#incoming.received, limit: this.#window.limit };
  }

  /** The user has no connection, or none yet. */
  #awaitLink(): void {
    this.#away = true;
    this.#timers.armOnce('resume', this.#sender === null || this.#finished ? SOCKET_OPEN_MS : SOCKET_AWAY_MS, () => {
      this.end(GOING_AWAY, 'The user has gone.');
      this.#close();
    });
  }

  #watchIdle(): void {
    const left = this.#usedAt + this.#idleMs - this.#context.clock.monotonic();
    if (left <= 0) this.end(POLICY, 'ERR_SOCKET_IDLE: without a message for longer than is allowed');
    else this.#timers.arm('idle', left, () => this.#watchIdle());
  }

  #finish(code: number, reason: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#outgoing.close(code, reason);
    this.#timers.disarm('age');
    this.#timers.disarm('idle');
    // Kept until the user has it, who may have to come back for it.
    this.#awaitLink();
    this.#flow();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clear();
    this.#sender?.close();
    this.#context.account.note(0);
    this.#context.onClosed();
  }
}
