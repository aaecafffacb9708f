// The WebSockets of this connector that are open: each frame that comes for one goes to it.
import { encode, type FrameKey, type OpenedFrame } from '../protocol/codec.ts';
import { SallyportError } from '../protocol/errors.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { SOCKETS_OPEN_MAX } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import type { AnySocketFrame } from '../protocol/socket-frames.ts';
import type { Clock } from './clock.ts';
import type { Ledger } from './ledger.ts';
import type { OriginSocket, Post } from './ports.ts';
import { Socket } from './socket.ts';

export interface SocketsPorts {
  readonly clock: Clock;
  readonly post: Post;
  readonly ledger: Ledger;
  readonly log: Log;
  /** To one origin at once. */
  readonly limit: number;
}

interface Held {
  readonly origin: string;
  /** A digest of the session or token; undefined: nobody's in particular, or the router does not say. */
  readonly owner: string | undefined;
  /** Null while the origin has not answered. */
  readonly socket: Socket | null;
}

export const isSocketFrame = ({ frame: { type } }: OpenedFrame): boolean =>
  type === 'socket' || type === 'socket-receipt' || type === 'socket-lost';

export class Sockets {
  readonly #ports: SocketsPorts;
  readonly #held = new Map<string, Held>();

  constructor(ports: SocketsPorts) {
    this.#ports = ports;
  }

  get open(): number {
    return this.#sockets().length;
  }

  /** An origin is about to be asked for one. Throws ERR_SOCKET_LIMIT, or ERR_CONNECTOR_BUSY where another connector may have room. */
  reserve(id: string, origin: string, owner: string | undefined): void {
    const all = [...this.#held.values()];
    if (owner !== undefined && all.filter((held) => held.owner === owner).length >= SOCKETS_OPEN_MAX) {
      throw new SallyportError('ERR_SOCKET_LIMIT', `${SOCKETS_OPEN_MAX} WebSockets of this session are open.`);
    }
    if (all.filter((held) => held.origin === origin).length >= this.#ports.limit) {
      throw new SallyportError('ERR_CONNECTOR_BUSY', `${this.#ports.limit} WebSockets to ${origin} are open (originSockets).`);
    }
    this.#held.set(id, { origin, owner, socket: null });
  }

  /** The origin has not answered with one, or not yet. */
  release(id: string): void {
    if (this.#held.get(id)?.socket === null) this.#held.delete(id);
  }

  /** The origin has answered the request with the WebSocket that was reserved. */
  adopt({ exchange: id, application, user, upgrade }: RequestFrame, key: FrameKey, origin: OriginSocket): void {
    const { clock, post, ledger } = this.#ports;
    const log = this.#ports.log.with({ exchange: id, application, user });
    const began = clock.monotonic();
    const onClosed = () => {
      this.#held.delete(id);
      log.info('socket.finished', { ms: Math.round(clock.monotonic() - began) });
    };
    const context = { clock, post, account: ledger.open(), full: () => ledger.full, log, onClosed };
    this.#held.set(id, { ...this.#held.get(id)!, socket: new Socket(id, key, origin, upgrade!, context) });
    log.info('socket.opened');
  }

  /** What its frames are sealed by; null where none is open. */
  keyOf(id: string): FrameKey | null {
    return this.#held.get(id)?.socket?.key ?? null;
  }

  /** Memory is needed: users who are away, and may come back, give up theirs. */
  makeRoom(): void {
    for (const socket of this.#sockets()) {
      if (!this.#ports.ledger.full) return;
      if (socket.away) socket.giveUp();
    }
  }

  accept(opened: OpenedFrame): void {
    const frame = opened.frame as AnySocketFrame;
    const socket = this.#held.get(frame.exchange)?.socket;
    if (socket) socket.accept({ frame, payload: opened.payload });
    else if (frame.type !== 'socket-lost' && frame.link) this.#unknown(frame.exchange, frame.received, frame.link.id, opened.key);
  }

  #unknown(exchange: string, n: number, replyTo: string, key: FrameKey): void {
    const message = 'No such WebSocket here (any more).';
    const text = encode({ type: 'error', exchange, n, code: 'ERR_EXCHANGE_UNKNOWN', message }, key);
    void this.#ports.post(text, replyTo, () => true);
  }

  moved(connectionId: string): void {
    for (const socket of this.#sockets()) socket.moved(connectionId);
  }

  /** Ends all; resolves when their users were told. */
  async close(): Promise<void> {
    await Promise.all(this.#sockets().map((socket) => socket.abandon()));
  }

  #sockets(): Socket[] {
    return [...this.#held.values()].flatMap(({ socket }) => socket ?? []);
  }
}
