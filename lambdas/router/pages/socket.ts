/// <reference lib="dom" />
// The script that gives a page, or a worker, a `WebSocket` that works through API Gateway: the browser's own class, whose objects for the page's
// own host are carried by us. Sockets to other hosts, and addresses that are none, are the browser's own business.
import { CALL_FIELD } from '../../../protocol/page-call.ts';
import type { SocketGrant, SocketRefusal } from '../../../protocol/socket-grant.ts';
import { CarriedSocket, fail, OPEN } from './carried-socket.ts';
import { usedByPerson } from './person.ts';

declare global {
  interface Window {
    WebSocket: typeof WebSocket;
  }
}

type Function = (...given: unknown[]) => unknown;
/** For a new WebSocket, or for a new connection of one that is open. */
type Question = { readonly url?: string };

const Native = globalThis.WebSocket;
const { location, document } = globalThis as { readonly location: Location; readonly document?: Document };
/** Where new connections of open ones are asked for: the application is not asked again. */
const ASK = new URL('/.sallyport/socket', location.origin).href;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Null for what the browser is to refuse, or to open, itself. */
const readUrl = (given: string): URL | null => {
  const base = document?.baseURI ?? location.href;
  if (!URL.canParse(given, base)) return null;
  const url = new URL(given, base);
  if (url.host !== location.host || url.href.includes('#')) return null;
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  return /^wss?:$/.test(url.protocol) ? url : null;
};

const readProtocols = (given: unknown): string[] => {
  const listed = typeof given === 'object' && given !== null && Symbol.iterator in given;
  const protocols = (given === undefined ? [] : listed ? [...(given as Iterable<unknown>)] : [given]).map(String);
  if (!protocols.every((protocol) => TOKEN.test(protocol))) fail('SyntaxError', 'A subprotocol is invalid.');
  if (new Set(protocols.map((protocol) => protocol.toLowerCase())).size < protocols.length)
    fail('SyntaxError', 'A subprotocol is duplicated.');
  return protocols;
};

const ask = async (question: Question): Promise<SocketGrant | SocketRefusal> => {
  const { url, ...rest } = question;
  const asked = url === undefined ? { address: ASK, body: rest, headers: {} } : atItsPath(new URL(url), rest);
  const answer = await fetch(asked.address, {
    method: 'POST',
    headers: { ...asked.headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(asked.body),
    redirect: 'error',
    cache: 'no-store',
  });
  const told = await answer.json().catch(() => ({}));
  return answer.ok ? told : { status: answer.status, problem: String(told.code ?? answer.statusText) };
};

/** At the WebSocket's own path, so that the browser sends the cookies that belong there, and keeps those of the answer there. */
const atItsPath = ({ pathname, search, username, password }: URL, body: object) => ({
  address: location.origin + pathname + search,
  body,
  headers: { [CALL_FIELD]: 'socket', ...credentials(username, password) },
});

/** Those of the address go to the application at once: a browser waits until it is asked for them. */
const credentials = (username: string, password: string): Record<string, string> => {
  if (username === '' && password === '') return {};
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
};

let before = Promise.resolve();
const turn = async () => {
  const awaited = before;
  let done = () => {};
  before = new Promise((resolve) => {
    done = resolve;
  });
  await awaited;
  return { done };
};

const ports = {
  ask,
  turn,
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
  used: usedByPerson,
};

/** By the object that the page holds. */
const carried = new WeakMap<object, CarriedSocket>();
const open = new Set<CarriedSocket>();

const Carrying = new Proxy(Native, {
  construct: (native, given: unknown[], made) => {
    // Read once: it may be an object that answers differently the next time.
    const url = given.length === 0 ? null : readUrl(`${given[0]}`);
    if (url === null) return Reflect.construct(native, given, made);
    const protocols = readProtocols(given[1]);
    const page = Reflect.construct(EventTarget, [], made);
    const socket = new CarriedSocket(page, url, protocols, ports, () => open.delete(socket));
    carried.set(page, socket);
    open.add(socket);
    return page;
  },
});

/** The browser's own, with its name, length and checks; for a socket of ours, and with all that it takes, `ours`. */
const either = (native: Function | undefined, ours: (socket: CarriedSocket, given: unknown[]) => unknown): Function | undefined =>
  native &&
  new Proxy(native, {
    apply: (target, self: object, given: unknown[]) => {
      const socket = carried.get(self);
      return socket === undefined || given.length < target.length ? Reflect.apply(target, self, given) : ours(socket, given);
    },
  });

const { prototype } = Native;
const MEMBERS = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'send', 'close'] as const;
const HANDLERS = ['open', 'message', 'error', 'close'] as const;

const share = (name: string, get: (socket: CarriedSocket) => unknown, set: (socket: CarriedSocket, value: unknown) => void): void => {
  const native = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor & {
    value?: Function;
    get?: Function;
    set?: Function;
  };
  const shared =
    'value' in native
      ? { value: either(native.value, (socket, given) => (get(socket) as Function).apply(socket, given)) }
      : { get: either(native.get, get), set: either(native.set, (socket, [value]) => set(socket, value)) };
  Object.defineProperty(prototype, name, { ...native, ...shared });
};
for (const name of MEMBERS)
  share(
    name,
    (socket) => socket[name],
    (socket, value) => Reflect.set(socket, name, value),
  );
for (const type of HANDLERS)
  share(
    `on${type}`,
    (socket) => socket.handler(type),
    (socket, value) => socket.handle(type, value),
  );
for (const [holder, name] of [
  [prototype, 'constructor'],
  [globalThis, 'WebSocket'],
] as const)
  Object.defineProperty(holder, name, { ...Object.getOwnPropertyDescriptor(holder, name), value: Carrying });

// Pages that find none use `WebSocket`: only Chromium has it, and API Gateway would refuse it.
Reflect.deleteProperty(globalThis, 'WebSocketStream');

globalThis.addEventListener?.('pagehide', () => {
  for (const socket of [...open]) socket.abandon();
});
