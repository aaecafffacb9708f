/// <reference lib="dom" />
// The script that gives a page, or a worker, a `WebSocket` that works through API Gateway: as the WebSockets Standard (WHATWG) describes the
// class, for the page's own host. Sockets to other hosts are the browser's own.
import { type Grant, type Kind, SocketClient } from '../../../protocol/socket-client.ts';

declare global {
  interface Window {
    WebSocket: typeof WebSocket;
  }
}

const Native = globalThis.WebSocket;
const { location, document } = globalThis as { readonly location: Location; readonly document?: Document };
const ASK = new URL('/.sallyport/socket', location.origin).href;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REASON_MAX_BYTES = 123;
const EVENTS = ['open', 'message', 'error', 'close'] as const;

type Handler = ((this: unknown, event: Event) => unknown) | null;

const fail = (name: string, message: string): never => {
  throw new DOMException(message, name);
};

const readUrl = (given: string | URL): URL => {
  let url: URL;
  try {
    url = new URL(given, document?.baseURI ?? location.href);
  } catch {
    return fail('SyntaxError', `The URL '${given}' is invalid.`);
  }
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    fail('SyntaxError', `The URL's scheme must be either 'http', 'https', 'ws', or 'wss'.`);
  if (url.hash !== '' || url.href.endsWith('#')) fail('SyntaxError', `The URL contains a fragment identifier ('${url.hash}').`);
  return url;
};

const readProtocols = (given: unknown): string[] => {
  const protocols = (
    given === undefined
      ? []
      : typeof given === 'object' && given !== null && Symbol.iterator in given
        ? [...(given as Iterable<unknown>)]
        : [given]
  ).map(String);
  if (!protocols.every((protocol) => TOKEN.test(protocol))) fail('SyntaxError', 'A subprotocol is invalid.');
  if (new Set(protocols.map((protocol) => protocol.toLowerCase())).size < protocols.length)
    fail('SyntaxError', 'A subprotocol is duplicated.');
  return protocols;
};

const ask = async (question: object): Promise<Grant | { readonly status: number; readonly problem: string }> => {
  const answer = await fetch(ASK, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(question),
    redirect: 'error',
    cache: 'no-store',
  });
  const told = await answer.json().catch(() => ({}));
  return answer.ok ? told : { status: answer.status, problem: String(told.code ?? answer.statusText) };
};

const ports = {
  ask,
  dial: (url: string, events: { opened(): void; message(text: string): void; closed(): void }) => {
    const link = new Native(url);
    link.onopen = () => events.opened();
    link.onmessage = ({ data }) => events.message(String(data));
    link.onclose = () => events.closed();
    return {
      send: (text: string) => {
        if (link.readyState === OPEN) link.send(text);
      },
      close: () => link.close(),
    };
  },
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  used: () => document === undefined || performance.now() - actedAt < ACTED_MS || navigator.userActivation?.isActive === true,
};

/** What a person does. A worker sees nothing of it: there every message counts, as its requests do. */
const ACTS = ['keydown', 'pointerdown', 'pointermove', 'wheel'];
/** So long afterwards a message is taken to come of it. */
const ACTED_MS = 60_000;
let actedAt = Number.NEGATIVE_INFINITY;
for (const act of ACTS) {
  const noted = ({ isTrusted }: Event) => {
    if (isTrusted) actedAt = performance.now();
  };
  document?.addEventListener(act, noted, { capture: true, passive: true });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const open = new Set<SocketClient>();

class CarriedWebSocket extends EventTarget {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;
  readonly #url: URL;
  readonly #client: SocketClient;
  readonly #handlers = new Map<string, Handler>();
  #state = CONNECTING;
  #protocol = '';
  #binaryType: 'blob' | 'arraybuffer' = 'blob';
  #buffered = 0;
  /** Blobs are read before they are sent, and in their order. */
  #before: Promise<unknown> | null = null;

  constructor(given: string | URL, protocols?: string | string[]) {
    super();
    this.#url = readUrl(given);
    const offered = readProtocols(protocols);
    this.#client = new SocketClient(ports, {
      opened: (protocol) => {
        if (this.#state !== CONNECTING) return;
        this.#state = OPEN;
        this.#protocol = protocol;
        this.dispatchEvent(new Event('open'));
      },
      message: (data, kind) => {
        if (this.#state === OPEN)
          this.dispatchEvent(new MessageEvent('message', { data: this.#read(data, kind), origin: this.#url.origin }));
      },
      sent: (bytes) => {
        this.#buffered -= bytes;
      },
      closed: (code, reason, why) => this.#closed(code, reason, why),
    });
    // biome-ignore lint/correctness/noConstructorReturn: a socket to another host is the browser's own
    if (this.#url.host !== location.host) return new Native(given, protocols) as unknown as CarriedWebSocket;
    open.add(this.#client);
    void this.#client.open(this.#url.href, offered);
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

  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#binaryType;
  }

  set binaryType(value) {
    if (value === 'blob' || value === 'arraybuffer') this.#binaryType = value;
  }

  send(...given: readonly unknown[]): void {
    if (given.length === 0) throw new TypeError('1 argument required, but only 0 present.');
    const [data] = given;
    if (this.#state === CONNECTING) fail('InvalidStateError', 'Still in CONNECTING state.');
    if (data instanceof Blob) {
      this.#buffered += data.size;
      if (this.#state === OPEN) this.#later(async () => this.#client.send(new Uint8Array(await data.arrayBuffer()), 'binary'));
      return;
    }
    const binary = data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data?.constructor?.name === 'SharedArrayBuffer';
    const bytes = binary ? copied(data as ArrayBuffer | ArrayBufferView) : encoder.encode(String(data));
    this.#buffered += bytes.length;
    if (this.#state !== OPEN) return;
    if (this.#before === null) this.#client.send(bytes, binary ? 'binary' : 'text');
    else this.#later(() => this.#client.send(bytes, binary ? 'binary' : 'text'));
  }

  close(code?: number, reason?: string): void {
    const told = code === undefined ? undefined : clamped(code);
    if (told !== undefined && told !== 1000 && (told < 3000 || told > 4999))
      fail('InvalidAccessError', `The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`);
    const words = reason === undefined ? '' : decoder.decode(encoder.encode(String(reason)));
    if (encoder.encode(words).length > REASON_MAX_BYTES) fail('SyntaxError', 'The close reason must not be greater than 123 UTF-8 bytes.');
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    const wasConnecting = this.#state === CONNECTING;
    this.#state = CLOSING;
    if (wasConnecting) this.#client.abandon(1001);
    else if (this.#before === null) this.#client.close(told ?? 1005, words);
    else this.#later(() => this.#client.close(told ?? 1005, words));
  }

  #later(act: () => unknown): void {
    const turn = (this.#before ?? Promise.resolve()).then(act);
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

  #closed(code: number, reason: string, why: string): void {
    open.delete(this.#client);
    if (this.#state === CLOSED) return;
    // Events come in a turn of their own, as the browser's do.
    setTimeout(() => {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      const wasClean = code !== 1006 && why === '';
      if (why !== '') console.warn(`WebSocket connection to '${this.url}' failed: ${why}`);
      if (!wasClean) this.dispatchEvent(new Event('error'));
      this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
    });
  }

  /** `onopen` and the like: a listener in the place of the first that was set. */
  handler(type: string): Handler {
    return this.#handlers.get(type) ?? null;
  }

  handle(type: string, value: unknown): void {
    if (!this.#handlers.has(type)) this.addEventListener(type, (event) => this.#handlers.get(type)?.call(this, event));
    this.#handlers.set(type, typeof value === 'function' ? (value as Handler) : null);
  }
}

/** WebIDL's `[Clamp] unsigned short`. */
const clamped = (code: number): number => {
  const number = Number(code);
  return Number.isNaN(number) ? 0 : Math.min(65_535, Math.max(0, Math.round(number)));
};

/** As it is now: the page may write into its buffer afterwards. */
const copied = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data).slice();

const { handler, handle } = CarriedWebSocket.prototype;
for (const type of EVENTS) {
  Object.defineProperty(CarriedWebSocket.prototype, `on${type}`, {
    get(this: CarriedWebSocket) {
      return handler.call(this, type);
    },
    set(this: CarriedWebSocket, value: unknown) {
      handle.call(this, type, value);
    },
    enumerable: true,
    configurable: true,
  });
}
Reflect.deleteProperty(CarriedWebSocket.prototype, 'handler');
Reflect.deleteProperty(CarriedWebSocket.prototype, 'handle');
for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'send', 'close']) {
  Object.defineProperty(CarriedWebSocket.prototype, name, {
    ...Object.getOwnPropertyDescriptor(CarriedWebSocket.prototype, name),
    enumerable: true,
  });
}
const constants = { CONNECTING, OPEN, CLOSING, CLOSED };
for (const [name, value] of Object.entries(constants)) {
  for (const holder of [CarriedWebSocket, CarriedWebSocket.prototype])
    Object.defineProperty(holder, name, { value, enumerable: true, writable: false, configurable: false });
}
Object.defineProperty(CarriedWebSocket, 'name', { value: 'WebSocket' });
Object.defineProperty(CarriedWebSocket.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
Object.defineProperty(globalThis, 'WebSocket', { value: CarriedWebSocket, writable: true, configurable: true, enumerable: false });

globalThis.addEventListener?.('pagehide', () => {
  for (const client of [...open]) client.abandon(1001);
});
