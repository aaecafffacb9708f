// A user's side of a WebSocket: a page's script and `sallyport forward` go by it. It asks for the WebSocket, connects, restores the order of
// what comes, sends again what may be lost, and takes a new connection when one ends. Knows neither browser nor Node: both have what it needs.

export type Kind = 'text' | 'binary';

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

type Part = readonly [kind: Kind, bytes: number, more: boolean];

interface Kept {
  readonly n: number;
  readonly head: { readonly parts: readonly Part[]; readonly close?: Closing; readonly used?: true };
  readonly payload: string;
}

interface Closing {
  readonly code: number;
  readonly reason: string;
}

interface Arrived {
  readonly parts: readonly Part[];
  readonly payload: Uint8Array;
  readonly close: Closing | undefined;
}

const BROKEN_OFF = 1006;
const POLICY = 1008;
const FRAME_MIN_COST_BYTES = 1024;
const PARTS_MAX = 256;
/** How long receipts wait for a message to go with, and how long the other side's may: then everything is sent again. */
const RECEIPT_MS = 10_000;
const UNHEARD_MS = 25_000;
/** How long new connections are tried for. */
const RESUME_MS = 60_000;
const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 8_000;
/** Frames that came before their predecessors. */
const HELD_MAX = 4096;

export class SocketClient {
  readonly #ports: SocketClientPorts;
  readonly #events: SocketClientEvents;
  #grant: Grant | null = null;
  #tunnel = '';
  #link: Link | null = null;
  #links = 0;
  #linked = false;
  #done = false;
  #lostAt: number | null = null;
  #attempts = 0;
  readonly #queue: Array<{ readonly kind: Kind; data: Uint8Array }> = [];
  #close: Closing | null = null;
  #closeSent = false;
  readonly #outbox: Kept[] = [];
  #next = 0;
  /** Bytes sent, and how many may be. */
  #spent = 0;
  #limit = 0;
  #received = 0;
  readonly #held = new Map<number, Arrived>();
  #partial: Uint8Array[] = [];
  #consumed = 0;
  #told = 0;
  #pumping = false;
  readonly #timers = new Map<string, () => void>();

  constructor(ports: SocketClientPorts, events: SocketClientEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  /** Asks for it; `opened` or `closed` tells the rest. */
  async open(url: string, protocols: readonly string[]): Promise<void> {
    try {
      const answer = await this.#ports.ask({ url, protocols });
      if (this.#done) return;
      if ('problem' in answer) return this.#finish(BROKEN_OFF, '', `${answer.status} ${answer.problem}`);
      this.#grant = answer;
      this.#tunnel = answer.tunnel;
      this.#limit = answer.window;
      this.#dial(answer.connect);
    } catch (error) {
      this.#finish(BROKEN_OFF, '', String(error));
    }
  }

  send(data: Uint8Array, kind: Kind): void {
    this.#queue.push({ kind, data });
    this.#schedule();
  }

  /** What was sent before goes first. The other side's answer ends it. */
  close(code: number, reason: string): void {
    if (this.#close !== null) return;
    this.#close = { code, reason };
    this.#arm('closing', RESUME_MS, () => this.#finish(BROKEN_OFF, '', 'the other side did not answer the close'));
    this.#schedule();
  }

  /** The page is gone: what can be said at once is said. */
  abandon(code: number): void {
    if (this.#done) return;
    this.#close ??= { code, reason: '' };
    if (this.#linked) this.#pump();
    this.#finish(BROKEN_OFF, '', 'abandoned');
  }

  #dial(url: string): void {
    let current = true;
    this.#link = this.#ports.dial(url, {
      opened: () => {
        if (!current || this.#done) return;
        this.#linked = true;
        this.#lostAt = null;
        this.#attempts = 0;
        // The connector learns of the connection by whatever comes over it.
        if (this.#outbox.length === 0 && this.#queue.length === 0) this.#tell();
        else this.#again();
        if (this.#links === 0) this.#events.opened(this.#grant!.protocol);
        this.#links += 1;
        this.#schedule();
      },
      message: (text) => {
        if (current && !this.#done) this.#take(text);
      },
      closed: () => {
        if (!current) return;
        current = false;
        this.#linked = false;
        // Of a WebSocket that was never open nothing is lost.
        if (this.#links === 0) this.#finish(BROKEN_OFF, '', 'the connection to the Reply API was refused');
        else if (!this.#done) this.#resume();
      },
    });
  }

  #resume(): void {
    const { now } = this.#ports;
    this.#lostAt ??= now();
    if (now() - this.#lostAt > RESUME_MS) {
      this.#finish(BROKEN_OFF, '', 'no new connection within a minute');
      return;
    }
    const wait = this.#attempts === 0 ? 0 : Math.min(RETRY_BASE_MS * 2 ** this.#attempts, RETRY_CAP_MS);
    this.#attempts += 1;
    this.#arm('resume', wait, () => void this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    try {
      const answer = await this.#ports.ask({ resume: this.#grant!.resume, link: Math.max(1, this.#links) });
      if (this.#done) return;
      if ('problem' in answer) {
        // Signed out, no access any more, or the WebSocket's time is up: it will not get better.
        if (answer.status < 500 && answer.status !== 429) return this.#finish(POLICY, answer.problem, `${answer.status} ${answer.problem}`);
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
    while (this.#spent < this.#limit && (this.#queue.length > 0 || (this.#close !== null && !this.#closeSent))) {
      const parts: Part[] = [];
      const chunks: Uint8Array[] = [];
      let left = room;
      while (parts.length < PARTS_MAX) {
        const first = this.#queue[0];
        if (first === undefined || (left === 0 && first.data.length > 0)) break;
        const chunk = first.data.subarray(0, left);
        const more = chunk.length < first.data.length;
        parts.push([first.kind, chunk.length, more]);
        chunks.push(chunk);
        left -= chunk.length;
        if (more) first.data = first.data.subarray(chunk.length);
        else this.#queue.shift();
      }
      const closes = this.#queue.length === 0 && this.#close !== null;
      this.#closeSent ||= closes;
      const head = { parts, ...(closes && { close: this.#close! }), ...(this.#ports.used() && { used: true as const }) };
      const kept = { n: this.#next, head, payload: toBase64(join(chunks)) };
      this.#next += 1;
      this.#spent += Math.max(FRAME_MIN_COST_BYTES, room - left);
      this.#outbox.push(kept);
      this.#post(kept);
      this.#events.sent(room - left);
    }
  }

  #post({ n, head, payload }: Kept): void {
    this.#link?.send(`${JSON.stringify({ n, ...head, ...this.#receipt() })}\n${payload}`);
    if (!this.#timers.has('unheard')) this.#arm('unheard', UNHEARD_MS, () => this.#again());
  }

  /** What was not acknowledged may be lost. */
  #again(): void {
    this.#disarm('unheard');
    if (this.#linked) for (const kept of this.#outbox) this.#post(kept);
  }

  #tell(): void {
    if (this.#linked) this.#link?.send(`${JSON.stringify({ parts: [], ...this.#receipt() })}\n`);
  }

  #receipt() {
    this.#disarm('receipt');
    this.#told = this.#consumed;
    return { received: this.#received, limit: this.#consumed + this.#grant!.buffer, tunnel: this.#tunnel };
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
    this.#order(Number(head.n), { parts: head.parts as Part[], payload, close: head.close as Closing | undefined });
  }

  /** What the relay says, or API Gateway in its stead: that a message did not get through. */
  #hear(said: Record<string, unknown>): void {
    if (said.type === 'moved') this.#tunnel = String(said.tunnel);
    // What became of the session, the answer to the next question tells.
    else if (said.code === 'ERR_SESSION_ENDED') this.#link?.close();
    else this.#arm('again', RETRY_BASE_MS * 4, () => this.#again());
  }

  #acknowledge(received: number, limit: number): void {
    while (this.#outbox[0] && this.#outbox[0].n < received) this.#outbox.shift();
    if (this.#outbox.length === 0) this.#disarm('unheard');
    this.#limit = Math.max(this.#limit, limit);
    this.#schedule();
  }

  #order(n: number, arrived: Arrived): void {
    if (n < this.#received || this.#held.has(n)) return;
    this.#held.set(n, arrived);
    if (this.#held.size > HELD_MAX) this.#finish(BROKEN_OFF, '', 'too many frames came before their predecessors');
    for (let next = this.#held.get(this.#received); next && !this.#done; next = this.#held.get(this.#received)) {
      this.#held.delete(this.#received);
      this.#received += 1;
      this.#deliver(next);
    }
    if (this.#done) return;
    if (this.#consumed - this.#told > this.#grant!.buffer / 2) this.#tell();
    else if (!this.#timers.has('receipt')) this.#arm('receipt', RECEIPT_MS, () => this.#tell());
  }

  #deliver({ parts, payload, close }: Arrived): void {
    let at = 0;
    for (const [kind, bytes, more] of parts) {
      this.#partial.push(payload.subarray(at, at + bytes));
      at += bytes;
      if (more) continue;
      const message = join(this.#partial);
      this.#partial = [];
      this.#events.message(message, kind);
    }
    this.#consumed += Math.max(FRAME_MIN_COST_BYTES, payload.length);
    if (close?.code === BROKEN_OFF) this.#finish(BROKEN_OFF, '', close.reason);
    else if (close) this.#finish(close.code, close.reason, '');
  }

  #finish(code: number, reason: string, why: string): void {
    if (this.#done) return;
    this.#done = true;
    for (const name of [...this.#timers.keys()]) this.#disarm(name);
    this.#link?.close();
    this.#events.closed(code, reason, why);
  }

  #arm(name: string, ms: number, callback: () => void): void {
    this.#disarm(name);
    const cancel = this.#ports.after(ms, () => {
      this.#timers.delete(name);
      callback();
    });
    this.#timers.set(name, cancel);
  }

  #disarm(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}

const parse = (line: string): Record<string, unknown> => {
  try {
    return (JSON.parse(line) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
};

const join = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** More arguments than this are too many for some engines. */
const CHARACTERS = 8192;

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHARACTERS) text += String.fromCharCode(...bytes.subarray(at, at + CHARACTERS));
  return btoa(text);
};

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
