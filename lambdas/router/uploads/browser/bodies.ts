/// <reference lib="dom" />
// Which requests of a page are carried in parts: those to its own host whose body is larger than one request may have.
import { REQUEST_BODY_MAX_BYTES } from '../../../../protocol/limits.ts';
import { multipart, newBoundary } from './multipart.ts';

export interface LargeBody {
  readonly blob: Blob;
  /** What `Content-Type` is where the page does not say; null: nothing. */
  readonly type: string | null;
}

const METHODS = /^(?:POST|PUT|PATCH|DELETE)$/i;

/** Null where it is none. Browsers of a few years ago have no `URL.parse`. */
export const addressOf = (text: string): URL | null => {
  try {
    return new URL(text, document.baseURI);
  } catch {
    return null;
  }
};

/** Whether a request could be carried in parts at all. */
export const mayCarry = (method: string, url: URL): boolean => METHODS.test(method) && url.origin === location.origin;

/** Null for one that is small, or of which nobody can say how large it is (a stream). */
export const largeBody = (body: unknown, limit = REQUEST_BODY_MAX_BYTES): LargeBody | null => {
  const found = blobOf(body, limit);
  return found !== null && found.blob.size > limit ? found : null;
};

const blobOf = (body: unknown, limit: number): LargeBody | null => {
  if (body instanceof Blob) return { blob: body, type: body.type === '' ? null : body.type };
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return body.byteLength > limit ? { blob: new Blob([body as BufferSource]), type: null } : null;
  }
  if (body instanceof FormData) {
    const blob = multipart(body, newBoundary());
    return { blob, type: blob.type };
  }
  if (body instanceof URLSearchParams) return ofText(body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8', limit);
  return typeof body === 'string' ? ofText(body, 'text/plain;charset=UTF-8', limit) : null;
};

/** A character has three bytes at most for each of its places. */
const ofText = (text: string, type: string, limit: number): LargeBody | null =>
  text.length * 3 > limit ? { blob: new Blob([text]), type } : null;
