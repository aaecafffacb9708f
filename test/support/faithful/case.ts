// One case of the differential test: what the user's program sends, and what the origin answers.
import { type Field, writeChunks, writeHead } from './message.ts';

export interface Sent {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: readonly Field[];
  /** Null: no body at all, not even a length of 0. */
  readonly body: Buffer | null;
  readonly coding: 'length' | 'chunked';
  readonly trailers: readonly Field[];
}

export interface Planned {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  readonly coding: 'none' | 'length' | 'chunked' | 'close';
  readonly trailers: readonly Field[];
  /** Status codes of the interim answers before it. */
  readonly interim: readonly number[];
}

export interface Case {
  readonly sent: Sent;
  readonly planned: Planned;
}

/** By which the origin knows the case; the same whichever way the request came. */
export const CASE_FIELD = 'X-Case';

const CHUNK_BYTES = 1_000;

export const requestBytes = ({ method, target, version, fields, body, coding, trailers }: Sent): Buffer => {
  const framing: Field[] =
    body === null ? [] : coding === 'chunked' ? [['Transfer-Encoding', 'chunked']] : [['Content-Length', String(body.length)]];
  const head = writeHead(`${method} ${target} HTTP/${version}`, [...fields, ...framing]);
  if (body === null) return head;
  return Buffer.concat([head, coding === 'chunked' ? writeChunks(body, CHUNK_BYTES, trailers) : body]);
};

/** RFC 9110 §6.4.1: whatever their fields say, these have no body. */
export const isBodyless = (method: string, status: number): boolean => method === 'HEAD' || status === 204 || status === 304;

export const answerBytes = (method: string, { status, reason, fields, body, coding, trailers, interim }: Planned): Buffer => {
  const framing: Field[] =
    coding === 'chunked' ? [['Transfer-Encoding', 'chunked']] : coding === 'length' ? [['Content-Length', String(body.length)]] : [];
  const head = Buffer.concat([
    ...interim.map((early) => writeHead(`HTTP/1.1 ${early} Interim`, [['Link', '</early>; rel=preload']])),
    writeHead(`HTTP/1.1 ${status} ${reason}`, [...fields, ...framing]),
  ]);
  if (isBodyless(method, status)) return head;
  return Buffer.concat([head, coding === 'chunked' ? writeChunks(body, CHUNK_BYTES, trailers) : body]);
};
