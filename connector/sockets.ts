// The WebSockets of this connector that are open: each frame that comes for one goes to it.
import { encode, type FrameKey, type OpenedFrame } from '../protocol/codec.ts';
import type { RequestFrame } from '../protocol/frames.ts';
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
}

export const isSocketFrame = ({ frame: { type } }: OpenedFrame): boolean =>
  type === 'socket' || type === 'socket-receipt' || type === 'socket-lost';

export class Sockets {
  readonly #ports: SocketsPorts;
  readonly #open = new Map<string, Socket>();

  constructor(ports: SocketsPorts) {
    this.#ports = ports;
  }

  get open(): number {
    return this.#open.size;
  }

  /** The origin has answered the request with a WebSocket. */
  adopt({ exchange: id, application, user, upgrade }: RequestFrame, key: FrameKey, origin: OriginSocket): void {
    const { clock, post, ledger } = this.#ports;
    const log = this.#ports.log.with({ exchange: id, application, user });
    const began = clock.monotonic();
    const onClosed = () => {
      this.#open.delete(id);
      log.info('socket.finished', { ms: Math.round(clock.monotonic() - began) });
    };
    this.#open.set(id, new Socket(id, key, origin, upgrade!, { clock, post, account: ledger.open(), log, onClosed }));
    log.info('socket.opened');
  }

  /** `key` seals what is said of one that is not known. */
  accept(opened: OpenedFrame, key: FrameKey): void {
    const frame = opened.frame as AnySocketFrame;
    const socket = this.#open.get(frame.exchange);
    if (socket) socket.accept({ frame, payload: opened.payload });
    else if (frame.type !== 'socket-lost' && frame.link) this.#unknown(frame.exchange, frame.received, frame.link.id, key);
  }

  #unknown(exchange: string, n: number, replyTo: string, key: FrameKey): void {
    const message = 'No such WebSocket here (any more).';
    const text = encode({ type: 'error', exchange, n, code: 'ERR_EXCHANGE_UNKNOWN', message }, key);
    void this.#ports.post(text, replyTo, () => true);
  }

  moved(connectionId: string): void {
    for (const socket of this.#open.values()) socket.moved(connectionId);
  }

  /** Ends all; resolves when their users were told. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((socket) => socket.abandon()));
  }
}
