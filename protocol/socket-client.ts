// A user's side of a WebSocket: a page's script and `sallyport forward` go by it. It sends again what may be lost, over whichever connection
// there is. Knows neither browser nor Node: both have what it needs.
import { BROKEN_OFF, type ConnectionPorts, SocketConnection } from './socket-connection.ts';
import type { SocketPart } from './socket-frames.ts';
import { type Arrived, SocketInbound } from './socket-inbound.ts';
import { SocketOutbound, type Unheard } from './socket-outbound.ts';
import { type Closing, fromBase64, type Kind } from './socket-payload.ts';
import { Timers } from './timers.ts';

export interface SocketClientPorts extends ConnectionPorts {
  /** What a message holds where it may be sent in several frames. @default what a single frame holds */
  readonly payload?: number;
  /** Whether what is sent now comes of something that a person did: then it is use of their session. */
  readonly used: () => boolean;
}

export interface SocketClientEvents {
  opened(protocol: string): void;
  message(data: Uint8Array, kind: Kind): void;
  /** 1006: it broke off; `why`, for a log, where something was wrong: a refusal, or what the other side sent. Nothing comes after it. */
  closed(code: number, reason: string, why: string): void;
  /** So many bytes have left the queue. */
  sent(bytes: number): void;
}

/** How long receipts wait for a message to go with, and how long the other side's may: then everything is sent again. */
const RECEIPT_MS = 10_000;
const UNHEARD_MS = 25_000;
/** How long the other side may take to answer a close. */
const CLOSING_MS = 60_000;
/** What did not get through is sent again after so long. */
const AGAIN_MS = 1_000;

type Timer = 'closing' | 'receipt' | 'unheard' | 'again';

export class SocketClient {
  readonly #ports: SocketClientPorts;
  readonly #events: SocketClientEvents;
  readonly #connection: SocketConnection;
  #done = false;
  /** How often in a row nothing was heard of what was sent. */
  #unheard = 0;
  readonly #out = new SocketOutbound();
  readonly #in: SocketInbound;
  #pumping = false;
  readonly #timers: Timers<Timer>;

  constructor(ports: SocketClientPorts, events: SocketClientEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#in = new SocketInbound((data, kind) => events.message(data, kind));
    this.#timers = new Timers(ports);
    this.#connection = new SocketConnection(ports, {
      opened: (first) => this.#opened(first),
      message: (text) => {
        this.#unheard = 0;
        this.#take(text);
      },
      failed: (code, reason, why) => this.#finish(code, reason, why),
    });
  }

  /** Asks for it; `opened` or `closed` tells the rest. */
  async open(url: string, protocols: readonly string[]): Promise<void> {
    await this.#connection.open({ url, protocols });
  }

  send(data: Uint8Array, kind: Kind): void {
    this.#out.add(data, kind);
    this.#schedule();
  }

  /** What was sent before goes first. The other side's answer ends it. */
  close(code: number, reason: string): void {
    if (this.#out.closing) return;
    this.#out.close({ code, reason });
    this.#timers.arm('closing', CLOSING_MS, () => this.#finish(BROKEN_OFF, '', 'the other side did not answer the close'));
    this.#schedule();
  }

  /** The page is gone: what can be said at once is said. */
  abandon(code: number): void {
    if (this.#done) return;
    if (!this.#out.closing) this.#out.close({ code, reason: '' });
    if (this.#connection.linked) this.#pump();
    this.#finish(BROKEN_OFF, '', 'abandoned');
  }

  #opened(first: boolean): void {
    const { protocol, window } = this.#connection.grant;
    if (first) this.#out.allow(window);
    this.#unheard = 0;
    // The connector learns of the connection by whatever comes over it.
    if (this.#out.idle) this.#tell();
    else this.#again();
    if (first) this.#events.opened(protocol);
    this.#schedule();
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is sent in one turn goes in one frame. */
  #schedule(): void {
    if (this.#pumping || this.#done) return;
    this.#pumping = true;
    this.#ports.after(0, () => {
      this.#pumping = false;
      if (this.#connection.linked && !this.#done) this.#pump();
    });
  }

  #pump(): void {
    const { payload: small } = this.#connection.grant;
    const { payload: room = small, used } = this.#ports;
    for (let next = this.#out.next(small, room, used); next !== null; next = this.#out.next(small, room, used)) {
      this.#post(next);
      this.#events.sent(next.bytes);
    }
  }

  #post({ n, head, payload }: Unheard): void {
    this.#connection.send(`${JSON.stringify({ n, ...head, ...this.#receipt() })}\n${payload}`);
    this.#timers.armOnce('unheard', UNHEARD_MS, () => this.#wonder());
  }

  /** Silence once: something was lost. Twice: the connection is dead, of which nobody may be told for a quarter of an hour. */
  #wonder(): void {
    this.#unheard += 1;
    if (this.#unheard < 2) {
      this.#again();
    } else {
      this.#connection.lose();
    }
  }

  /** What was not acknowledged may be lost. */
  #again(): void {
    this.#timers.disarm('unheard');
    if (this.#connection.linked) for (const unheard of this.#out.unheard) this.#post(unheard);
  }

  #tell(): void {
    if (this.#connection.linked) this.#connection.send(`${JSON.stringify({ parts: [], ...this.#receipt() })}\n`);
  }

  #receipt() {
    this.#timers.disarm('receipt');
    return { ...this.#in.receipt(this.#connection.grant.buffer), tunnel: this.#connection.tunnel };
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────

  #take(text: string): void {
    const lineEnd = text.indexOf('\n');
    const head = parse(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (lineEnd < 0) this.#hear(head);
    // Nobody else knows the exchange's id; what does not name it is not for this WebSocket.
    else if (head.exchange === this.#connection.grant.exchange) this.#frame(head, text, lineEnd);
  }

  #frame(head: Record<string, unknown>, text: string, lineEnd: number): void {
    if (head.type === 'error') this.#finish(BROKEN_OFF, '', String(head.code));
    if (head.type === 'moved') {
      this.#connection.tunnel = String(head.tunnel);
      this.#again();
    }
    if (head.type !== 'socket' && head.type !== 'socket-receipt') return;
    this.#acknowledge(Number(head.received), Number(head.limit));
    if (head.type !== 'socket') return;
    const payload = fromBase64(text.slice(lineEnd + 1, text.indexOf('\n', lineEnd + 1)));
    this.#order(Number(head.n), { parts: head.parts as SocketPart[], payload, close: head.close as Closing | undefined });
  }

  /** What the relay says, or API Gateway in its stead: that a message did not get through. */
  #hear(said: Record<string, unknown>): void {
    if (said.type === 'moved') this.#connection.tunnel = String(said.tunnel);
    // What became of the session, the answer to the next question tells.
    else if (said.code === 'ERR_SESSION_ENDED') this.#connection.close();
    else this.#timers.arm('again', AGAIN_MS, () => this.#again());
  }

  #acknowledge(received: number, limit: number): void {
    this.#out.acknowledge(received, limit);
    if (this.#out.unheard.length === 0) this.#timers.disarm('unheard');
    this.#schedule();
  }

  #order(n: number, arrived: Arrived): void {
    if (!this.#in.hold(n, arrived)) return;
    if (this.#in.overflows) this.#finish(BROKEN_OFF, '', 'too many frames came before their predecessors');
    while (!this.#done && this.#in.ready) {
      const close = this.#in.deliver();
      if (close?.code === BROKEN_OFF) this.#finish(BROKEN_OFF, '', close.reason);
      else if (close) this.#finish(close.code, close.reason, '');
    }
    if (this.#done) return;
    if (this.#in.untoldBytes > this.#connection.grant.buffer / 2) this.#tell();
    else this.#timers.armOnce('receipt', RECEIPT_MS, () => this.#tell());
  }

  #finish(code: number, reason: string, why: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#timers.clear();
    this.#connection.end();
    this.#events.closed(code, reason, why);
  }
}

const parse = (line: string): Record<string, unknown> => {
  try {
    return (JSON.parse(line) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
};
