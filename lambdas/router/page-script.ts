// Puts scripts of ours first into an application's pages, so that they run before all of the page's own. Nothing else of them is changed.
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ResponseHead } from './response-inbox.ts';

export const UPLOAD_SCRIPT_PATH = '/.sallyport/upload.js';

/** Read for the place where the script goes; later than this no `head` begins. */
const PROLOGUE_MAX_BYTES = 16 * 1024;

/** Whether an answer is a page that is shown, of an application with large uploads. */
export const takesUploadScript = (
  { bigUploads }: Pick<Application, 'bigUploads'>,
  { method, headers: asked }: Pick<CanonicalRequest, 'method' | 'headers'>,
  { status, headers }: ResponseHead,
): boolean => bigUploads === 'on' && method !== 'HEAD' && status !== 206 && status !== 304 && isShownPage(asked, headers);

/** Whether a browser shows it: no fragment that a script fetches, no download. */
export const isShownPage = (asked: HeaderList, headers: HeaderList): boolean => {
  const type = said(headers, 'content-type') ?? '';
  if (!/^\s*text\/html\b/.test(type) || /charset\s*=\s*"?utf-(?:16|32)/.test(type)) return false;
  if (said(headers, 'content-disposition')?.trim().startsWith('attachment')) return false;
  const destination = said(asked, 'sec-fetch-dest');
  return destination === undefined ? (said(asked, 'accept') ?? '').includes('text/html') : /^(?:document|i?frame)$/.test(destination);
};

const said = (headers: HeaderList, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();

/** `nonce` is that of the page's policy. */
export async function* withScripts(parts: AsyncIterable<Buffer>, paths: readonly string[], nonce: string | null): AsyncGenerator<Buffer> {
  const mark = nonce === null ? '' : ` nonce="${nonce}"`;
  const tag = Buffer.from(paths.map((path) => `<script src="${path}"${mark}></script>`).join(''));
  let start: Buffer | null = Buffer.alloc(0);
  for await (const part of parts) {
    if (start === null) {
      yield part;
      continue;
    }
    start = Buffer.concat([start, part]);
    const at = placeFor(start.toString('latin1'));
    if (at === null && start.length < PROLOGUE_MAX_BYTES) continue;
    yield Buffer.concat([start.subarray(0, at ?? 0), tag, start.subarray(at ?? 0)]);
    start = null;
  }
  if (start !== null && start.length > 0) yield Buffer.concat([tag, start]);
}

/** What may stand before the head's first element, and the head's own tag. */
const PROLOGUE = /^(?:[\s\ufeff\xef\xbb\xbf]|<!--[\s\S]*?-->|<![^>-][^>]*>|<\?[^>]*>|<html(?:\s[^>]*)?>)*(?:<head(?:\s[^>]*)?>)?/i;
/** What may still become something of it. */
const UNFINISHED = [/^$/, /^<[!?][^>]*$/, /^<!--/, /^<(?:h(?:t(?:m(?:l(?:\s[^>]*)?)?)?|e(?:a(?:d(?:\s[^>]*)?)?)?)?)?$/i];

/** Null while it cannot be said: more must be read. */
const placeFor = (text: string): number | null => {
  const at = PROLOGUE.exec(text)![0].length;
  const rest = text.slice(at);
  return UNFINISHED.some((pattern) => pattern.test(rest)) ? null : at;
};
