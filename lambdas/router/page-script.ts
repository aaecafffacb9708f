// Puts scripts of ours first into an application's pages, so that they run before all of the page's own. Nothing else of them is changed.
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { createPageStart } from './page-start.ts';
import type { ResponseHead } from './response-inbox.ts';
import { codecOf, fromStart, type TextCodec } from './translation/charset.ts';
import type { Content } from './translation/content.ts';

export const UPLOAD_SCRIPT_PATH = '/.sallyport/upload.js';

/** Whether an answer is a page that is shown, of an application with large uploads. */
export const takesUploadScript = (
  { bigUploads }: Pick<Application, 'bigUploads'>,
  { method, headers: asked }: Pick<CanonicalRequest, 'method' | 'headers'>,
  { status, headers }: ResponseHead,
): boolean => bigUploads === 'on' && method !== 'HEAD' && status !== 206 && status !== 304 && isShownPage(asked, headers);

/** Whether a browser shows it: no fragment that a script fetches, no download. */
export const isShownPage = (asked: HeaderList, headers: HeaderList): boolean => {
  if (!/^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/.test(said(headers, 'content-type') ?? '')) return false;
  if (said(headers, 'content-disposition')?.trim().startsWith('attachment')) return false;
  return asksForPage(asked);
};

/** Whether a browser is about to show what it asks for, if it is a page. */
export const asksForPage = (asked: HeaderList): boolean => {
  const destination = said(asked, 'sec-fetch-dest');
  return destination === undefined ? /text\/html|xhtml/.test(said(asked, 'accept') ?? '') : /^(?:document|i?frame)$/.test(destination);
};

const said = (headers: HeaderList, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();

export interface PageScripts {
  readonly paths: readonly string[];
  /** That of the page's policy. */
  readonly nonce: string | null;
  readonly page: Pick<Content, 'kind' | 'charset'>;
}

export async function* withScripts(parts: AsyncIterable<Buffer>, scripts: PageScripts): AsyncGenerator<Buffer> {
  const { kind, charset } = scripts.page;
  const start = createPageStart(kind === 'xml');
  const tag = tagOf(scripts);
  let codec: TextCodec | null | undefined;
  /** What has come while the place is not known. */
  let held: Buffer[] | null = [];
  for await (const part of fromStart(parts)) {
    if (held === null) {
      yield part;
      continue;
    }
    held.push(part);
    codec = codec === undefined ? codecOf(charset, part) : codec;
    const place = codec === null ? null : start.push(codec.decode(part));
    if (place === undefined) continue;
    yield inserted(Buffer.concat(held), tag, codec, place);
    held = null;
  }
  if (held !== null && held.length > 0) yield inserted(Buffer.concat(held), tag, codec ?? null, start.end());
}

const tagOf = ({ paths, nonce, page: { kind } }: PageScripts): string => {
  // Whatever namespaces and prefixes the page has.
  const attributes = (kind === 'xml' ? ' xmlns="http://www.w3.org/1999/xhtml"' : '') + (nonce === null ? '' : ` nonce="${nonce}"`);
  return paths.map((path) => `<script src="${path}"${attributes}></script>`).join('');
};

const inserted = (bytes: Buffer, text: string, codec: TextCodec | null, place: number | null): Buffer => {
  if (codec === null || place === null) return bytes;
  const at = codec.offset(place);
  return Buffer.concat([bytes.subarray(0, at), codec.encode(text), bytes.subarray(at)]);
};
