// The request that an upload is the body of, as `Upload-Metadata` of its creation tells it: `method`, `target` (path and query) and `headers`
// (JSON). What a page cannot say of its own requests it cannot say here: such fields are those of the creation itself, or of nobody.
import { SallyportError } from '../../../protocol/errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { foldName, isFieldValue, isToken } from '../../../protocol/headers.ts';
import { canonicalPath } from '../canonical-path.ts';
import { type CanonicalRequest, canonicalMethod } from '../canonical-request.ts';
import { isOverride } from '../method-overrides.ts';
import { isReserved } from '../reserved.ts';

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Forbidden request-headers of the Fetch standard, and what the creation says of itself. */
const NOT_TOLD =
  /^(?:accept-charset|accept-encoding|access-control-.*|connection|content-length|cookie2?|date|dnt|expect|forwarded|host|keep-alive|origin|proxy-.*|referer|sec-.*|set-cookie2?|te|trailer|transfer-encoding|upgrade|via|x-forwarded-.*)$/i;
/** Of the creation alone. */
const OF_CREATION = /^(?:content-type|content-length|content-encoding|tus-.*|upload-.*)$/i;

export interface Target {
  readonly method: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  readonly headers: HeaderList;
}

/** Throws ERR_UPLOAD_INVALID, ERR_REQUEST_INVALID. */
export const readTarget = (metadata: string): Target => {
  const told = readMetadata(metadata);
  return targetOf(told, told.get('target'));
};

/** The same, where it was asked at the target itself. */
export const readTargetAt = (metadata: string, target: string): Target => targetOf(readMetadata(metadata), target);

const targetOf = (told: ReadonlyMap<string, string>, target: string | undefined): Target => {
  const method = canonicalMethod(told.get('method') ?? 'POST');
  if (WITHOUT_BODY.has(method)) throw invalid(`${method} has no body to upload.`);
  return { method, ...readAddress(target), headers: readHeaders(told) };
};

/** Path and query as a browser would request them: one that would be requested otherwise has two readings. */
export const readAddress = (target: string | undefined): Pick<Target, 'path' | 'query'> => {
  if (target === undefined || !target.startsWith('/')) throw invalid('Upload-Metadata needs a target: the path and query of the request.');
  const url = URL.parse(`https://host${target}`);
  if (url === null || url.host !== 'host' || url.pathname + url.search !== target) {
    throw invalid('The target of the upload is no path and query as a browser requests them.');
  }
  const path = canonicalPath(url.pathname);
  if (isReserved(path)) throw invalid('The target of the upload is a reserved path, which no application has.');
  return { path, query: url.search };
};

/** The header fields of the request: those that the creation came with, and over them what was told. */
export const targetHeaders = (creation: HeaderList, told: HeaderList): HeaderList => {
  const names = new Set(told.map(([name]) => name.toLowerCase()));
  return [...creation.filter(([name]) => !OF_CREATION.test(name) && !names.has(name.toLowerCase())), ...told];
};

/** With the length that the whole body will have, or none: it is told in chunks. */
export const withLength = (headers: HeaderList, length: number | null): HeaderList => [
  ...headers.filter(([name]) => name.toLowerCase() !== 'content-length'),
  ...(length === null ? [] : [['Content-Length', String(length)] as const]),
];

/** Where the response to the target leads, for who asks for it at another address. */
export const absolutely = (headers: HeaderList, origin: string, { path, query }: Pick<Target, 'path' | 'query'>): HeaderList =>
  headers.map(([name, value]) => {
    const led = /^(?:content-)?location$/i.test(name) ? URL.parse(value, origin + path + query) : null;
    return [name, led?.href ?? value] as const;
  });

/** tus 1.0, Creation: `key base64,key base64`; a key alone has an empty value. */
const readMetadata = (text: string): ReadonlyMap<string, string> => {
  const entries = text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [, key, value = ''] = /^([^\s,]+)(?: +([A-Za-z0-9+/]*={0,2}))?$/.exec(pair) ?? [];
      if (key === undefined) throw invalid('Upload-Metadata is a list of keys and base64 values (tus 1.0).');
      return [key, Buffer.from(value, 'base64').toString('utf8')];
    });
  const told = new Map(entries);
  if (told.size !== entries.length) throw invalid('Upload-Metadata tells a key twice.');
  return told;
};

const readHeaders = (told: ReadonlyMap<string, string>): HeaderList => {
  const text = told.get('headers');
  // What many tus clients tell of a file.
  const type = told.get('filetype');
  if (text === undefined) return [['Content-Type', type]].filter(isField);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SallyportError('ERR_UPLOAD_INVALID', 'The headers of the upload are no JSON.', { cause });
  }
  if (!Array.isArray(value) || !value.every(isField)) throw invalid('The headers of the upload are no list of names and values.');
  return value.filter(([name]) => !NOT_TOLD.test(foldName(name)) && !isOverride(name));
};

const isField = (field: unknown): field is [string, string] =>
  Array.isArray(field) &&
  field.length === 2 &&
  field.every((part) => typeof part === 'string') &&
  isToken(String(field[0])) &&
  isFieldValue(String(field[1])) &&
  /^[\0-\xff]*$/.test(String(field[1]));

/** The target as the passes decide on it: the caller's own header fields, and no body. */
export const asTarget = (call: CanonicalRequest, { method, path, query }: Pick<Target, 'method' | 'path' | 'query'>): CanonicalRequest => ({
  ...call,
  method,
  path,
  query,
  body: Buffer.alloc(0),
  hasBody: true,
});

const invalid = (message: string): SallyportError => new SallyportError('ERR_UPLOAD_INVALID', message);
