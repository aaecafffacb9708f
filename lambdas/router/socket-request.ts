// A WebSocket is asked for: by a page at the WebSocket's own path, by a program at `/.sallyport/socket`, where both ask for a new connection of
// one that is open. It becomes the request that the page made of its `WebSocket`, which goes through the passes as any other: session, policy
// and single sign-on hold for it too.
import { SallyportError } from '../../protocol/errors.ts';
import { isToken } from '../../protocol/headers.ts';
import { isMap } from '../stores/record-shape.ts';
import { canonicalPath } from './canonical-path.ts';
import { type CanonicalRequest, canonicalQuery } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';
import { isForeign } from './page-call.ts';
import { isReserved } from './reserved.ts';
import { openResume, type Resumable } from './socket-resume.ts';

export const SOCKET_PATH = '/.sallyport/socket';

export interface AskedSocket {
  /** The handshake as the page would have sent it. */
  readonly request: CanonicalRequest;
  readonly protocols: readonly string[];
  /** The WebSocket that is open already; null for a new one. */
  readonly resumed: Resumable | null;
  /** What says so. */
  readonly resume: string;
  /** The how manieth connection of this WebSocket. */
  readonly link: number;
}

type Question = { readonly url: string; readonly protocols: readonly string[] } | { readonly resume: string; readonly link: number };

const PROTOCOLS_MAX = 32;
const TEXT_MAX_CHARACTERS = 8192;

/** Said of the request that asks, not of the one that is asked for. */
const OF_THE_QUESTION = /^(?:content-.*|accept|accept-encoding|priority|referer|sec-fetch-.*|transfer-encoding|cache-control|pragma)$/i;

/** Null for every other request. Throws ERR_METHOD_REFUSED, ERR_SOCKET_ORIGIN, ERR_REQUEST_INVALID, ERR_SESSION_ENDED. */
export const readSocketRequest = async (
  request: CanonicalRequest,
  urls: ExternalUrls,
  key: () => Promise<Uint8Array>,
  now: number,
): Promise<AskedSocket | null> => {
  if (request.path !== SOCKET_PATH) return null;
  if (request.method !== 'POST')
    throw new SallyportError('ERR_METHOD_REFUSED', `A WebSocket was asked for by ${request.method}; POST is expected.`);
  // Cross-site WebSocket hijacking.
  if (isForeign(request, urls))
    throw new SallyportError('ERR_SOCKET_ORIGIN', `A page of another site asked for a WebSocket of ${request.host}.`);
  const asked = questionOf(readBody(request));
  const resumed = 'resume' in asked ? await openResume(await key(), asked.resume, request.host, now) : null;
  const target = resumed ?? targetOf('url' in asked ? asked.url : '', request.host);
  return {
    request: handshakeOf(request, target),
    protocols: 'protocols' in asked ? asked.protocols : [],
    resumed,
    resume: 'resume' in asked ? asked.resume : '',
    link: 'link' in asked ? asked.link : 0,
  };
};

/** Of a page that asks at the WebSocket's own path (page-call.ts), for a new one. Throws ERR_REQUEST_INVALID. */
export const readSocketAt = (request: CanonicalRequest): AskedSocket => {
  const { protocols = [] } = readBody(request);
  if (!areProtocols(protocols)) throw invalid('{ protocols } was expected.');
  return { request: handshakeOf(request, request), protocols, resumed: null, resume: '', link: 0 };
};

const handshakeOf = (request: CanonicalRequest, { path, query }: Pick<CanonicalRequest, 'path' | 'query'>): CanonicalRequest => {
  const headers = request.headers.filter(([name]) => !OF_THE_QUESTION.test(name));
  return { ...request, method: 'GET', path, query, headers, body: Buffer.alloc(0), hasBody: false };
};

const readBody = ({ headers, body: bytes }: CanonicalRequest): Readonly<Record<string, unknown>> => {
  const types = headers.filter(([name]) => name.toLowerCase() === 'content-type').map(([, value]) => value);
  if (types.length !== 1 || !/^application\/json\s*(?:;|$)/i.test(types[0]!)) throw invalid('JSON was expected.');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('The body is no JSON.');
  }
  return isMap(value) ? value : {};
};

const questionOf = ({ url, protocols = [], resume, link }: Readonly<Record<string, unknown>>): Question => {
  if (isText(url) && areProtocols(protocols) && resume === undefined) return { url, protocols };
  if (isText(resume) && url === undefined && Number.isSafeInteger(link) && (link as number) > 0) return { resume, link: link as number };
  throw invalid('{ url, protocols } or { resume, link } was expected.');
};

const areProtocols = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= PROTOCOLS_MAX && value.every((one) => isText(one) && isToken(one));

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= TEXT_MAX_CHARACTERS;

const targetOf = (text: string, host: string): { readonly path: string; readonly query: string } => {
  const url = URL.parse(text);
  if (url === null || !/^wss?:$/.test(url.protocol) || url.hostname !== host || url.username !== '' || url.password !== '') {
    throw invalid(`The URL is none of a WebSocket of ${host}.`);
  }
  const parameters: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) parameters[name] = [...(parameters[name] ?? []), value];
  const path = canonicalPath(url.pathname);
  if (isReserved(path)) throw invalid('The path is a reserved one.');
  return { path, query: canonicalQuery(parameters) };
};

const invalid = (message: string): SallyportError =>
  new SallyportError('ERR_REQUEST_INVALID', `A WebSocket was asked for wrongly: ${message}`);
