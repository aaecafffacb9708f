// Puts the script that carries WebSockets (pages/socket.ts) first into an application's pages, and into its workers, which have none of the page's.
// Nothing else of them is changed, and nothing at all where no WebSocket is to be expected.
import { brotliDecompressSync, constants, gunzipSync } from 'node:zlib';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { isShownPage } from './page-script.ts';

export const SOCKET_SCRIPT_PATH = '/.sallyport/socket.js';

/** A page, or a worker's script. */
export type Carrier = 'page' | 'worker' | null;

/** A page that names one of these is taken to open WebSockets. */
const NAMES_SOCKETS = /WebSocket|wss?:\/\/|socket\.io|sockjs|signalr|novnc/i;
/** Hosts are remembered by their scripts for as long as this environment lives. */
const HOSTS_MAX = 1_000;

export interface SocketScript {
  /** What the answer is, where the script goes into it. `first` gives the first part of its body, as it was sent. */
  carrier(application: Application, request: CanonicalRequest, head: Head, first: () => Promise<Buffer>): Promise<Carrier>;
  readonly source: () => string;
}

interface Head {
  readonly status: number;
  readonly headers: HeaderList;
}

export const createSocketScript = (source: () => string): SocketScript => {
  const opened = new Set<string>();
  const notice = (host: string): void => {
    if (opened.size >= HOSTS_MAX) opened.clear();
    opened.add(host);
  };
  return {
    source,
    carrier: async ({ webSockets: { pages } }, { method, host, headers: asked }, { status, headers }, first) => {
      if (pages === 'off' || status !== 200 || method === 'HEAD') return null;
      const kind = kindOf(asked, headers);
      if (kind === null || pages === 'on' || (opened.has(host) && kind !== 'script')) return kind === 'script' ? null : kind;
      if (kind === 'script' && opened.has(host)) return null;
      const start = decodedStart(await first(), said(headers, 'content-encoding')?.trim() ?? '');
      const names = (kind === 'page' ? NAMES_SOCKETS : /WebSocket/).test(start.toString('latin1'));
      if (names) notice(host);
      return names && kind !== 'script' ? kind : null;
    },
  };
};

/** `script`: one that may tell of WebSockets. */
const kindOf = (asked: HeaderList, headers: HeaderList): 'page' | 'worker' | 'script' | null => {
  if (isShownPage(asked, headers)) return 'page';
  if (!/^\s*(?:application|text)\/(?:x-)?(?:java|ecma)script\b/.test(said(headers, 'content-type') ?? '')) return null;
  const destination = said(asked, 'sec-fetch-dest');
  return /^(?:shared|service)?worker$/.test(destination ?? '') ? 'worker' : 'script';
};

const said = (headers: HeaderList, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();

/** What there is of it: the rest may still be under way. Empty where it cannot be read. */
const decodedStart = (start: Buffer, coding: string): Buffer => {
  try {
    if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
    if (coding === 'br') return brotliDecompressSync(start, { finishFlush: constants.BROTLI_OPERATION_FLUSH });
    return start;
  } catch {
    return Buffer.alloc(0);
  }
};

/** A worker's script with ours before it: it has no head. */
export async function* withSource(parts: AsyncIterable<Buffer>, source: string): AsyncGenerator<Buffer> {
  yield Buffer.from(`${source};\n`);
  yield* parts;
}
