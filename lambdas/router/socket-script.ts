// Puts the script that carries WebSockets (pages/socket.ts) first into an application's pages, and into its workers, which have none of the page's.
// Nothing else of them is changed, and nothing at all where no WebSocket is to be expected.
import { decodedStart } from '../../protocol/content-codings.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { readPrograms } from './page-programs.ts';
import { asksForPage, isShownPage } from './page-script.ts';
import { isWorkerScript } from './service-worker.ts';
import { codecOf } from './translation/charset.ts';
import { type Content, contentOf, EVERYTHING } from './translation/content.ts';

export const SOCKET_SCRIPT_PATH = '/.sallyport/socket.js';

/** A page, or a worker's script. */
export type Carrier = 'page' | 'worker' | null;

type Asked = Pick<CanonicalRequest, 'method' | 'headers'>;

interface Head {
  readonly status: number;
  readonly headers: HeaderList;
}

/** A part of a frame's size packs no more that is worth reading. */
const START_MAX_BYTES = 1024 * 1024;

/** Whether what is asked for may get scripts of ours, so that it must come in a form that can be read. */
export const mayCarry = (
  { webSockets: { pages }, bigUploads, signInAgain }: Pick<Application, 'webSockets' | 'bigUploads' | 'signInAgain'>,
  request: Asked,
): boolean =>
  isWorkerScript(request) ||
  (pages !== 'off' && isWorker(request.headers)) ||
  ((pages !== 'off' || bigUploads === 'on' || signInAgain !== 'off') && asksForPage(request.headers));

/** What the answer is, where the script goes into it. `first` gives the first part of its body, as it was sent. */
export const carrierOf = async (
  { webSockets: { pages } }: Pick<Application, 'webSockets'>,
  { method, headers: asked }: Asked,
  { status, headers }: Head,
  first: () => Promise<Buffer>,
): Promise<Carrier> => {
  if (pages === 'off' || status !== 200 || method === 'HEAD') return null;
  const kind = kindOf(asked, headers);
  const content = contentOf(status, headers, EVERYTHING);
  if (kind === null || content === null) return null;
  if (pages === 'on') return kind;
  const part = await first();
  const whole = said(headers, 'content-length') === String(part.length);
  return (await mayOpenSockets(kind, content, part, whole)) ? kind : null;
};

/** Which pages open WebSockets shows only when their scripts run; workers do so of themselves, or by scripts that they load. */
const mayOpenSockets = async (carrier: Carrier, { kind, charset, codings }: Content, part: Buffer, whole: boolean): Promise<boolean> => {
  const start = await decodedStart(part, codings, START_MAX_BYTES);
  const codec = codecOf(charset, start);
  if (codec === null) return false;
  const text = codec.decode(start);
  const cut = start.length >= START_MAX_BYTES || !whole;
  if (carrier === 'worker') return cut || /WebSocket|\bimport/.test(text);
  const { run, ended } = readPrograms(text, kind === 'xml');
  return run || (cut && !ended);
};

const kindOf = (asked: HeaderList, headers: HeaderList): Carrier => {
  if (isShownPage(asked, headers)) return 'page';
  return /^\s*(?:application|text)\/(?:x-)?(?:java|ecma)script\b/.test(said(headers, 'content-type') ?? '') && isWorker(asked)
    ? 'worker'
    : null;
};

const isWorker = (asked: HeaderList): boolean => /^(?:shared|service)?worker$/.test(said(asked, 'sec-fetch-dest') ?? '');

const said = (headers: HeaderList, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();

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
