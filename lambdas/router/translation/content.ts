// Whether a body is one that is translated, and as what. Only what can be read and put together again exactly: everything else passes.
import { codingsOf } from '../../../protocol/content-codings.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Translation } from '../../stores/records.ts';

export type Kind = 'html' | 'xml' | 'css' | 'script';

export interface Content {
  readonly kind: Kind;
  /** As the header names it; null where it does not. */
  readonly charset: string | null;
  /** What it must be unpacked from, last first. */
  readonly codings: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'xml',
  'image/svg+xml': 'xml',
  'text/css': 'css',
  // Settings of a page, which nobody edits.
  'application/manifest+json': 'script',
  'application/importmap+json': 'script',
};
const DATA = /^(?:application\/(?:json|x-ndjson|jsonl)|text\/(?:json|event-stream)|[^/]+\/.+\+json)$/;
/** The names of JavaScript (MIME Sniffing §4.6). */
const JAVASCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma|j|live)script(?:1\.[0-5])?$/;

/** As if all of it were translated: what is a page, and how it is coded. */
export const EVERYTHING = { headers: true, links: 'on', scripts: true } as const;

/** Null for what passes as it is. */
export const contentOf = (status: number, headers: HeaderList, { links, scripts }: Translation): Content | null => {
  if (links === 'off' || status === 204 || status === 205 || status === 206 || status === 304) return null;
  const values = (wanted: string) => headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const types = values('content-type');
  const codings = codingsOf(headers);
  const [, type, parameters = ''] = /^\s*([^\s;,]+)\s*(?:;(.*))?$/s.exec(types.length === 1 ? types[0]! : '') ?? [];
  if (type === undefined || codings === null) return null;
  // What is saved as a file is saved as it was written: a checksum, a backup, a form to send back.
  if (values('content-disposition').some((value) => /^\s*attachment\b/i.test(value))) return null;
  const known = kindOf(type.toLowerCase(), scripts !== 'without-data' || links === 'report');
  if (known === null || (known === 'script' && !scripts && links !== 'report')) return null;
  return { kind: known, charset: /(?:^|;)\s*charset\s*=\s*(?:"\s*)?([^\s;"]+)/i.exec(parameters)?.[1] ?? null, codings };
};

const kindOf = (type: string, data: boolean): Kind | null =>
  KINDS[type] ?? (JAVASCRIPT.test(type) || (data && DATA.test(type)) ? 'script' : null);
