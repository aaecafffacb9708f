// One client's WebSocket from its acceptance to its end: frames of AWS's size, AWS's close codes, AWS's clocks.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../services.ts';
import type { ConnectionFacts } from './events/request-context.ts';
import { createFrameWatch } from './frame-watch.ts';
import type { V2Quotas } from './quotas.ts';

export interface ConnectionParts {
  readonly facts: ConnectionFacts;
  readonly socket: Duplex;
  readonly webSocket: WebSocket;
  readonly clock: Clock;
  readonly quotas: V2Quotas;
  readonly onMessage: (text: string) => void;
  /** Once, when the connection is no longer there for anyone. */
  readonly onEnd: (code: number, reason: string) => void;
}

// RFC 6455 §7.4.1. Unverified on AWS: the reasons, but for 1001 and that of a frame.
const GOING_AWAY = 1001;
const UNSUPPORTED = 1003;
const TOO_LARGE = 1009;

export class Connection {
  readonly facts: ConnectionFacts;
  readonly #parts: ConnectionParts;
  readonly #cancelLongest: () => void;
  #cancelIdle: () => void = () => {};
  #lastActiveAt: number;
  #ended = false;
  #blackholed = false;

  constructor(parts: ConnectionParts) {
    const { facts, webSocket, socket, clock, quotas } = parts;
    this.#parts = parts;
    this.facts = facts;
    this.#lastActiveAt = clock.now();
    const watch = createFrameWatch(quotas);
    // Before `ws` reads: what is too large ends the connection and reaches no route.
    socket.prependListener('data', (chunk: Buffer) => {
      const excess = this.#ended ? undefined : watch(chunk);
      if (excess) this.close(TOO_LARGE, `Max ${excess} length of ${quotas[`${excess}Bytes`]} has been exceeded.`);
    });
    webSocket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    webSocket.on('error', () => {});
    webSocket.on('close', (code, reason) => {
      if (!this.#blackholed) this.#end(code, reason.toString('utf8'));
    });
    this.#cancelLongest = clock.after(quotas.connectionMs, () => this.expire());
    this.#watchIdleness();
  }

  get lastActiveAt(): number {
    return this.#lastActiveAt;
  }

  get blackholed(): boolean {
    return this.#blackholed;
  }

  /** Whether so many bytes more would be too many for a client that does not read. */
  isFull(bytes: number): boolean {
    return this.#parts.webSocket.bufferedAmount + bytes > this.#parts.quotas.clientBufferBytes;
  }

  /** One text message, in frames of the quota's size. */
  send(message: Buffer): void {
    const { webSocket, quotas, clock } = this.#parts;
    if (this.#ended) return;
    if (quotas.outboundEndsIdleness !== 0) this.#lastActiveAt = clock.now();
    if (this.#blackholed) return;
    for (let at = 0; at === 0 || at < message.length; at += quotas.frameBytes) {
      const end = at + quotas.frameBytes;
      webSocket.send(message.subarray(at, end), { binary: false, fin: end >= message.length });
    }
  }

  close(code: number, reason: string): void {
    if (this.#ended) return;
    // A link that is dead in silence tells the client nothing.
    if (!this.#blackholed) this.#parts.webSocket.close(code, reason);
    this.#end(code, reason);
  }

  /** It has been idle for too long, or is too old. */
  expire(): void {
    this.close(GOING_AWAY, 'Going away');
  }

  /** Resets the TCP connection: no close frame, no FIN. */
  kill(): void {
    const socket = this.#parts.socket as Socket;
    try {
      socket.resetAndDestroy();
    } catch {
      // A TLS socket cannot be reset by itself.
      socket.destroy();
    }
  }

  /** From now on nothing comes in or goes out, and neither side is told. */
  blackhole(): void {
    if (this.#ended || this.#blackholed) return;
    this.#blackholed = true;
    this.#parts.webSocket.pause();
    // What was written and not yet sent goes to the same place.
    this.#parts.socket.pause();
  }

  /** Ends everything at once, telling no one. */
  dispose(): void {
    this.#stopClocks();
    this.#ended = true;
    this.#parts.webSocket.terminate();
    this.#parts.socket.destroy();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#ended || this.#blackholed) return;
    if (isBinary) {
      this.close(UNSUPPORTED, 'Binary is not supported');
      return;
    }
    this.#lastActiveAt = this.#parts.clock.now();
    this.#parts.onMessage(data.toString('utf8'));
  }

  #watchIdleness(): void {
    const { clock, quotas } = this.#parts;
    const left = this.#lastActiveAt + quotas.idleMs - clock.now();
    if (left > 0) this.#cancelIdle = clock.after(left, () => this.#watchIdleness());
    else this.expire();
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopClocks();
    this.#parts.onEnd(code, reason);
  }

  #stopClocks(): void {
    this.#cancelLongest();
    this.#cancelIdle();
  }
}
