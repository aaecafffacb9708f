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

interface Head {
  readonly status: number;
  readonly headers: HeaderList;
}

/** What the answer is, where the script goes into it. `first` gives the first part of its body, as it was sent. */
export const carrierOf = async (
  { webSockets: { pages } }: Pick<Application, 'webSockets'>,
  { method, headers: asked }: Pick<CanonicalRequest, 'method' | 'headers'>,
  { status, headers }: Head,
  first: () => Promise<Buffer>,
): Promise<Carrier> => {
  if (pages === 'off' || status !== 200 || method === 'HEAD') return null;
  const kind = kindOf(asked, headers);
  if (kind === null || pages === 'on') return kind;
  const part = await first();
  const start = decodedStart(part, said(headers, 'content-encoding')?.trim() ?? '').toString('latin1');
  const whole = said(headers, 'content-length') === String(part.length) || (kind === 'page' && /<\/html\s*>/i.test(start));
  return !whole || (kind === 'page' ? RUNS_SCRIPTS : MAY_OPEN_SOCKETS).test(start) ? kind : null;
};

/** Which of them open WebSockets shows only when they run. */
const RUNS_SCRIPTS = /<script\b/i;
/** Of itself, or by scripts that it loads. */
const MAY_OPEN_SOCKETS = /WebSocket|\bimport/;

const kindOf = (asked: HeaderList, headers: HeaderList): Carrier => {
  if (isShownPage(asked, headers)) return 'page';
  if (!/^\s*(?:application|text)\/(?:x-)?(?:java|ecma)script\b/.test(said(headers, 'content-type') ?? '')) return null;
  const destination = said(asked, 'sec-fetch-dest');
  return /^(?:shared|service)?worker$/.test(destination ?? '') ? 'worker' : null;
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

/** A worker's script with ours before it: it has no head. One that is strict stays so. */
export async function* withSource(parts: AsyncIterable<Buffer>, source: string): AsyncGenerator<Buffer> {
  let begun = false;
  for await (const part of parts) {
    if (!begun) yield Buffer.from(`${STRICT.test(part.toString('latin1')) ? "'use strict';" : ''}${source};\n`);
    begun = true;
    yield part;
  }
}

/** ECMA-262 §11.2.1, after whatever comments. No two of its alternatives begin alike, so it takes no longer than the text is long. */
const STRICT = /^(?:\s|\xef\xbb\xbf|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:'use strict'|"use strict")\s*[;\n]/;
