/// <reference lib="dom" />
// `fetch` for large bodies, which go up in parts; every other call is the browser's own.
import { UploadRefused } from '../../../../protocol/upload-client.ts';
import { addressOf, type LargeBody, largeBody, mayCarry } from './bodies.ts';
import { bodyIs, native, transfer } from './transfer.ts';

export const installFetch = (): void => {
  globalThis.fetch = function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const asked = input instanceof Request ? input : null;
    const method = init?.method ?? asked?.method ?? 'GET';
    const url = addressOf(asked?.url ?? String(input));
    const credentials = init?.credentials ?? asked?.credentials;
    if (url === null || credentials === 'omit' || !mayCarry(method, url)) return native.fetch(input, init);
    if (init?.body === undefined && asked !== null) return ofRequest(asked, init, url);
    const body = largeBody(init?.body);
    return body === null ? native.fetch(input, init) : carry(method, url, new Headers(init?.headers ?? asked?.headers), body, init, asked);
  };
};

/** The body of a Request can only be read to be known. */
const ofRequest = async (asked: Request, init: RequestInit | undefined, url: URL): Promise<Response> => {
  if (asked.bodyUsed || asked.body === null) return native.fetch(asked, init);
  const body = largeBody(await asked.clone().blob());
  if (body === null) return native.fetch(asked, init);
  await asked.body.cancel();
  return carry(init?.method ?? asked.method, url, new Headers(init?.headers ?? asked.headers), body, init, asked);
};

const carry = async (
  method: string,
  url: URL,
  headers: Headers,
  { blob, type }: LargeBody,
  init: RequestInit | undefined,
  asked: Request | null,
): Promise<Response> => {
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  const signal = init?.signal ?? asked?.signal ?? new AbortController().signal;
  try {
    const given = { method: method.toUpperCase(), signal };
    const address = await transfer({ ...given, url, headers: [...headers], blob, progress: () => undefined });
    const redirect = init?.redirect ?? asked?.redirect ?? 'follow';
    return await native.fetch(url, { ...given, headers: [bodyIs(address)], redirect, credentials: 'same-origin' });
  } catch (error) {
    if (!(error instanceof UploadRefused)) throw error;
    if (error.status < 200) throw new TypeError('Failed to fetch', { cause: error });
    const problem = JSON.stringify({ status: error.status, code: error.code, title: error.message });
    const refused = new Response(problem, { status: error.status, headers: { 'Content-Type': 'application/problem+json' } });
    return Object.defineProperty(refused, 'url', { value: url.href.replace(/#.*/s, '') });
  }
};
