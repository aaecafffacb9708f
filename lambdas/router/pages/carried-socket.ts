/// <reference lib="dom" />
// One WebSocket of a page as the WebSockets Standard (WHATWG) describes it: its state, its buffer and its events. A client of ours carries it.
import { SocketClient, type SocketClientPorts } from '../../../protocol/socket-client.ts';
import type { Kind } from '../../../protocol/socket-payload.ts';

export const CONNECTING = 0;
export const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const REASON_MAX_BYTES = 123;
const NO_CODE = 1005;
const BROKEN_OFF = 1006;
const GOING_AWAY = 1001;

type BinaryType = 'blob' | 'arraybuffer';

export interface CarriedSocketPorts extends SocketClientPorts {
  /** Resolves when this WebSocket may connect: one after the other, as a browser does. `done` lets the next. */
  readonly turn: () => Promise<{ readonly done: () => void }>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const fail = (name: string, message: string): never => {
  throw new DOMException(message, name);
};

export class CarriedSocket {
  /** What the page holds. */
  readonly #target: EventTarget;
  readonly #url: URL;
  readonly #client: SocketClient;
  readonly #ended: () => void;
  readonly #handlers = new Map<string, object | null>();
  #connected = () => {};
  #state = CONNECTING;
  #protocol = '';
  #binaryType: BinaryType = 'blob';
  #buffered = 0;
  /** Blobs are read before they are sent, and in their order. */
  #before: Promise<unknown> | null = null;

  constructor(target: EventTarget, url: URL, protocols: readonly string[], ports: CarriedSocketPorts, ended: () => void) {
    this.#target = target;
    this.#url = url;
    this.#ended = ended;
    this.#client = new SocketClient(ports, {
      opened: (protocol) => this.#opened(protocol),
      message: (data, kind) => {
        if (this.#state === OPEN) this.#tell(new MessageEvent('message', { data: this.#read(data, kind), origin: url.origin }));
      },
      sent: (bytes) => {
        this.#buffered -= bytes;
      },
      closed: (code, reason, why) => this.#closed(code, reason, why),
    });
    void this.#open(protocols, ports);
  }

  get url(): string {
    return this.#url.href;
  }

  get readyState(): number {
    return this.#state;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  get extensions(): string {
    return '';
  }

  get protocol(): string {
    return this.#protocol;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value) {
    if (value === 'blob' || value === 'arraybuffer') this.#binaryType = value;
  }

  send(data: unknown): void {
    if (this.#state === CONNECTING) fail('InvalidStateError', 'Still in CONNECTING state.');
    // It may come from another window, whose classes are others.
    const kind = Object.prototype.toString.call(data);
    if (kind === '[object Blob]' || kind === '[object File]') {
      const blob = data as Blob;
      this.#buffered += blob.size;
      if (this.#state === OPEN) this.#later(async () => this.#client.send(new Uint8Array(await blob.arrayBuffer()), 'binary'));
      return;
    }
    const binary = ArrayBuffer.isView(data) || /^\[object (?:Shared)?ArrayBuffer\]$/.test(kind);
    const bytes = binary ? copied(data as ArrayBuffer | ArrayBufferView) : encoder.encode(String(data));
    this.#buffered += bytes.length;
    if (this.#state !== OPEN) return;
    if (this.#before === null) this.#client.send(bytes, binary ? 'binary' : 'text');
    else this.#later(() => this.#client.send(bytes, binary ? 'binary' : 'text'));
  }

  close(code?: unknown, reason?: unknown): void {
    const told = code === undefined ? undefined : clamped(code);
    const words = reason === undefined ? '' : decoder.decode(encoder.encode(String(reason)));
    if (told !== undefined && told !== 1000 && (told < 3000 || told > 4999))
      fail('InvalidAccessError', `The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`);
    if (encoder.encode(words).length > REASON_MAX_BYTES) fail('SyntaxError', 'The close reason must not be greater than 123 UTF-8 bytes.');
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    const wasConnecting = this.#state === CONNECTING;
    this.#state = CLOSING;
    const sent = told ?? NO_CODE;
    if (wasConnecting) this.#client.abandon(GOING_AWAY);
    else if (this.#before === null) this.#client.close(sent, words);
    else this.#later(() => this.#client.close(sent, words));
  }

  /** `onopen` and the like. */
  handler(type: string): object | null {
    return this.#handlers.get(type) ?? null;
  }

  /** A listener in the place of the first that was set. An object that cannot be called is kept, and not called (Web IDL). */
  handle(type: string, value: unknown): void {
    if (!this.#handlers.has(type)) {
      this.#target.addEventListener(type, (event) => {
        const current = this.#handlers.get(type);
        if (typeof current === 'function') current.call(this.#target, event);
      });
    }
    this.#handlers.set(type, (typeof value === 'object' || typeof value === 'function') && value !== null ? value : null);
  }

  /** The page is gone. */
  abandon(): void {
    this.#client.abandon(GOING_AWAY);
  }

  async #open(protocols: readonly string[], { turn }: CarriedSocketPorts): Promise<void> {
    const { done } = await turn();
    this.#connected = done;
    if (this.#state === CONNECTING) await this.#client.open(this.#url.href, protocols);
    else done();
  }

  #opened(protocol: string): void {
    this.#connected();
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.#protocol = protocol;
    this.#tell(new Event('open'));
  }

  #closed(code: number, reason: string, why: string): void {
    this.#connected();
    this.#ended();
    // Events come in a turn of their own, as the browser's do.
    setTimeout(() => {
      this.#state = CLOSED;
      const wasClean = code !== BROKEN_OFF && why === '';
      if (why !== '') console.warn(`WebSocket connection to '${this.url}' failed: ${why}`);
      // A connection that only ends is no error.
      if (why !== '') this.#tell(new Event('error'));
      this.#tell(new CloseEvent('close', { code, reason, wasClean }));
    });
  }

  #tell(event: Event): void {
    this.#target.dispatchEvent(event);
  }

  #later(act: () => unknown): void {
    // A blob that cannot be read any more ends it: what follows would not make sense without.
    const turn = (this.#before ?? Promise.resolve()).then(act).catch(() => this.abandon());
    this.#before = turn;
    void turn.finally(() => {
      if (this.#before === turn) this.#before = null;
    });
  }

  #read(data: Uint8Array, kind: Kind): string | Blob | ArrayBuffer {
    if (kind === 'text') return decoder.decode(data);
    const bytes = data.slice();
    return this.#binaryType === 'blob' ? new Blob([bytes]) : bytes.buffer;
  }
}

/** WebIDL's `[Clamp] unsigned short`. */
const clamped = (code: unknown): number => {
  const number = Number(code);
  return Number.isNaN(number) ? 0 : Math.min(65_535, Math.max(0, Math.round(number)));
};

/** As it is now: the page may write into its buffer afterwards. */
const copied = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data).slice();
