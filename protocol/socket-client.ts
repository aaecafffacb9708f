// A user's side of a WebSocket: a page's script and `sallyport forward` go by it. It asks for the WebSocket, connects, sends again what may
// be lost, and takes a new connection when one ends. Knows neither browser nor Node: both have what it needs.

import type { SocketPart } from './socket-frames.ts';
import { type Arrived, SocketInbound } from './socket-inbound.ts';
import { SocketOutbound, type Unheard } from './socket-outbound.ts';
import { type Closing, fromBase64, type Kind } from './socket-payload.ts';
import { Timers } from './timers.ts';

export type { Kind } from './socket-payload.ts';

export interface SocketClientPorts {
  /** Asks the application's host at /.sallyport/socket; `problem` is the code of a refusal. Rejects when it cannot be asked. */
  readonly ask: (question: object) => Promise<Grant | { readonly status: number; readonly problem: string }>;
  /** Opens a connection of the platform's own. */
  readonly dial: (url: string, events: LinkEvents) => Link;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly now: () => number;
  /** Whether what is sent now comes of something that a person did: then it is use of their session. */
  readonly used: () => boolean;
}

export interface Grant {
  readonly connect: string;
  readonly exchange: string;
  readonly resume: string;
  readonly tunnel: string;
  readonly protocol: string;
  readonly window: number;
  readonly payload: number;
  readonly buffer: number;
}

export interface Link {
  send(text: string): void;
  close(): void;
}

export interface LinkEvents {
  opened(): void;
  message(text: string): void;
  closed(): void;
}

export interface SocketClientEvents {
  opened(protocol: string): void;
  message(data: Uint8Array, kind: Kind): void;
  /** 1006: it broke off; `why`, for a log, where something was wrong: a refusal, or what the other side sent. Nothing comes after it. */
  closed(code: number, reason: string, why: string): void;
  /** So many bytes have left the queue. */
  sent(bytes: number): void;
}

const BROKEN_OFF = 1006;
const POLICY = 1008;
/** How long receipts wait for a message to go with, and how long the other side's may: then everything is sent again. */
const RECEIPT_MS = 10_000;
const UNHEARD_MS = 25_000;
/** How long new connections are tried for while nothing answers (a connector waits no longer), and while who answers cannot give one. */
const AWAY_MS = 15 * 60_000;
const RESUME_MS = 60_000;
const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 8_000;

type Timer = 'closing' | 'resume' | 'receipt' | 'unheard' | 'again';

export class SocketClient {
  readonly #ports: SocketClientPorts;
  readonly #events: SocketClientEvents;
  #grant: Grant | null = null;
  #tunnel = '';
  #link: Link | null = null;
  /** To be called when the connection at hand has ended, or must be taken to have. */
  #lost: () => void = () => undefined;
  #links = 0;
  #linked = false;
  #done = false;
  #lostAt: number | null = null;
  #refusedAt: number | null = null;
  /** How often in a row nothing was heard of what was sent. */
  #unheard = 0;
  #attempts = 0;
  readonly #out = new SocketOutbound();
  readonly #in: SocketInbound;
  #pumping = false;
  readonly #timers: Timers<Timer>;

  constructor(ports: SocketClientPorts, events: SocketClientEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#in = new SocketInbound((data, kind) => events.message(data, kind));
    this.#timers = new Timers(ports);
  }

  /** Asks for it; `opened` or `closed` tells the rest. */
  async open(url: string, protocols: readonly string[]): Promise<void> {
    try {
      const answer = await this.#ports.ask({ url, protocols });
      if (this.#done) return;
      if ('problem' in answer) return this.#finish(BROKEN_OFF, '', `${answer.status} ${answer.problem}`);
      this.#grant = answer;
      this.#tunnel = answer.tunnel;
      this.#out.allow(answer.window);
      this.#dial(answer.connect);
    } catch (error) {
      this.#finish(BROKEN_OFF, '', String(error));
    }
  }

  send(data: Uint8Array, kind: Kind): void {
    this.#out.add(data, kind);
    this.#schedule();
  }

  /** What was sent before goes first. The other side's answer ends it. */
  close(code: number, reason: string): void {
    if (this.#out.closing) return;
    this.#out.close({ code, reason });
    this.#timers.arm('closing', RESUME_MS, () => this.#finish(BROKEN_OFF, '', 'the other side did not answer the close'));
    this.#schedule();
  }

  /** The page is gone: what can be said at once is said. */
  abandon(code: number): void {
    if (this.#done) return;
    if (!this.#out.closing) this.#out.close({ code, reason: '' });
    if (this.#linked) this.#pump();
    this.#finish(BROKEN_OFF, '', 'abandoned');
  }

  #dial(url: string): void {
    let current = true;
    const lost = () => {
      if (!current) return;
      current = false;
      this.#linked = false;
      // Of a WebSocket that was never open nothing is lost.
      if (this.#links === 0) this.#finish(BROKEN_OFF, '', 'the connection to the Reply API was refused');
      else if (!this.#done) this.#resume();
    };
    this.#lost = lost;
    this.#link = this.#ports.dial(url, {
      opened: () => {
        if (!current || this.#done) return;
        this.#linked = true;
        this.#lostAt = null;
        this.#refusedAt = null;
        this.#unheard = 0;
        this.#attempts = 0;
        // The connector learns of the connection by whatever comes over it.
        if (this.#out.idle) this.#tell();
        else this.#again();
        if (this.#links === 0) this.#events.opened(this.#grant!.protocol);
        this.#links += 1;
        this.#schedule();
      },
      message: (text) => {
        if (!current || this.#done) return;
        this.#unheard = 0;
        this.#take(text);
      },
      closed: lost,
    });
  }

  #resume(): void {
    const { now } = this.#ports;
    this.#lostAt ??= now();
    if (now() - this.#lostAt > AWAY_MS || now() - (this.#refusedAt ?? now()) > RESUME_MS) {
      this.#finish(BROKEN_OFF, '', 'no new connection in time');
      return;
    }
    const wait = this.#attempts === 0 ? 0 : Math.min(RETRY_BASE_MS * 2 ** this.#attempts, RETRY_CAP_MS);
    this.#attempts += 1;
    this.#timers.arm('resume', wait, () => void this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    try {
      const answer = await this.#ports.ask({ resume: this.#grant!.resume, link: Math.max(1, this.#links) });
      if (this.#done) return;
      if ('problem' in answer) {
        // Signed out, no access any more, or the WebSocket's time is up: it will not get better.
        if (answer.status < 500 && answer.status !== 429) return this.#finish(POLICY, answer.problem, `${answer.status} ${answer.problem}`);
        this.#refusedAt ??= this.#ports.now();
        return this.#resume();
      }
      this.#tunnel = answer.tunnel;
      this.#dial(answer.connect);
    } catch {
      this.#resume();
    }
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is sent in one turn goes in one frame. */
  #schedule(): void {
    if (this.#pumping || this.#done) return;
    this.#pumping = true;
    this.#ports.after(0, () => {
      this.#pumping = false;
      if (this.#linked && !this.#done) this.#pump();
    });
  }

  #pump(): void {
    const { payload: room } = this.#grant!;
    for (let next = this.#out.next(room, this.#ports.used); next !== null; next = this.#out.next(room, this.#ports.used)) {
      this.#post(next);
      this.#events.sent(next.bytes);
    }
  }

  #post({ n, head, payload }: Unheard): void {
    this.#link?.send(`${JSON.stringify({ n, ...head, ...this.#receipt() })}\n${payload}`);
    this.#timers.armOnce('unheard', UNHEARD_MS, () => this.#wonder());
  }

  /** Silence once: something was lost. Twice: the connection is dead, of which nobody may be told for a quarter of an hour. */
  #wonder(): void {
    this.#unheard += 1;
    if (this.#unheard < 2) {
      this.#again();
    } else {
      this.#link?.close();
      this.#lost();
    }
  }

  /** What was not acknowledged may be lost. */
  #again(): void {
    this.#timers.disarm('unheard');
    if (this.#linked) for (const unheard of this.#out.unheard) this.#post(unheard);
  }

  #tell(): void {
    if (this.#linked) this.#link?.send(`${JSON.stringify({ parts: [], ...this.#receipt() })}\n`);
  }

  #receipt() {
    this.#timers.disarm('receipt');
    return { ...this.#in.receipt(this.#grant!.buffer), tunnel: this.#tunnel };
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────

  #take(text: string): void {
    const lineEnd = text.indexOf('\n');
    const head = parse(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (lineEnd < 0) this.#hear(head);
    // Nobody else knows the exchange's id; what does not name it is not for this WebSocket.
    else if (head.exchange === this.#grant!.exchange) this.#frame(head, text, lineEnd);
  }

  #frame(head: Record<string, unknown>, text: string, lineEnd: number): void {
    if (head.type === 'error') this.#finish(BROKEN_OFF, '', String(head.code));
    if (head.type === 'moved') {
      this.#tunnel = String(head.tunnel);
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
    if (said.type === 'moved') this.#tunnel = String(said.tunnel);
    // What became of the session, the answer to the next question tells.
    else if (said.code === 'ERR_SESSION_ENDED') this.#link?.close();
    else this.#timers.arm('again', RETRY_BASE_MS * 4, () => this.#again());
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
    if (this.#in.untoldBytes > this.#grant!.buffer / 2) this.#tell();
    else this.#timers.armOnce('receipt', RECEIPT_MS, () => this.#tell());
  }

  #finish(code: number, reason: string, why: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#timers.clear();
    this.#link?.close();
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
