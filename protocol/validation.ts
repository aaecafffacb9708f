// Whether a parsed header line is a frame. Unknown fields are ignored (a newer peer may send them); unknown types are refused.
import type { Frame } from './frames.ts';
import type { SignOn } from './sign-on.ts';
import type { SocketFrame } from './socket-frames.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const zero: Check = (value) => value === 0;
/** 101: the WebSocket that was asked for. */
const status: Check = (value) => value === 101 || (count(value) && (value as number) >= 200 && (value as number) <= 599);
/** A field that older peers do not send. */
const countOrAbsent: Check = (value) => value === undefined || count(value);
const flagOrAbsent: Check = (value) => value === undefined || flag(value);
const textOrAbsent: Check = (value) => value === undefined || text(value);
const textsOrAbsent: Check = (value) => value === undefined || (Array.isArray(value) && value.every(text));
const countOrNull: Check = (value) => value === null || count(value);
const textOrNull: Check = (value) => value === null || text(value);
const exchangeId: Check = (value) => typeof value === 'string' && /^[\w-]{8,64}$/.test(value);
const headerList: Check = (value) =>
  Array.isArray(value) && value.every((field) => Array.isArray(field) && field.length === 2 && text(field[0]) && text(field[1]));
/** One of these words. */
const among =
  (...words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);
const fieldsOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const signInForm: Check = (value) =>
  value === null ||
  fieldsOf({ page: text, usernameField: textOrNull, passwordField: textOrNull, success: textOrNull, failure: textOrNull })(value);

/** A method that is not known is refused: without it the application would take the user for nobody, or for another. */
const SIGN_ON: Readonly<Record<SignOn['method'], Check>> = {
  kerberos: fieldsOf({ service: text, identity: text, sendOn: among('request', 'challenge'), proof: among('checked', 'required') }),
  ntlm: fieldsOf({ connection: text }),
  password: fieldsOf({ application: text, sealed: text, owner: textOrNull, session: text, form: signInForm }),
};
const signOn: Check = (value) => {
  if (value === undefined) return true;
  const { method } = (value ?? {}) as Partial<SignOn>;
  return typeof method === 'string' && Object.hasOwn(SIGN_ON, method) && SIGN_ON[method](value);
};

const upload: Check = (value) =>
  value === undefined || fieldsOf({ length: countOrNull, owner: (owner) => owner === undefined || text(owner) })(value);

const timings: Check = (value) =>
  value === undefined || fieldsOf({ verified: count, connected: countOrAbsent, answered: countOrAbsent, sent: count })(value);

const upgrade: Check = (value) =>
  value === undefined ||
  fieldsOf({
    protocols: (list) => Array.isArray(list) && list.every(text),
    maxAgeMs: count,
    idleMs: count,
    owner: (owner) => owner === undefined || text(owner),
  })(value);
const socketParts: Check = (value) =>
  Array.isArray(value) &&
  value.every((part) => Array.isArray(part) && part.length === 3 && among('text', 'binary')(part[0]) && count(part[1]) && flag(part[2]));
const socketClose: Check = (value) => value === undefined || fieldsOf({ code: count, reason: text })(value);
const socketLink = fieldsOf({ id: text, number: count });
const socketLinkOrAbsent: Check = (value) => value === undefined || socketLink(value);

/** Fields of each type; fields that only some senders of a type know are not listed. */
const FIELDS: Readonly<Record<Frame['type'], Readonly<Record<string, Check>>>> = {
  request: {
    n: zero,
    connector: text,
    tunnel: textOrAbsent,
    application: text,
    user: textOrNull,
    method: text,
    url: text,
    headers: headerList,
    replyTo: text,
    issuedAt: count,
    timeoutMs: count,
    idleTimeoutMs: countOrAbsent,
    verifyCertificate: flag,
    signOn,
    upgrade,
    hasBody: flag,
    upload,
    codings: textsOrAbsent,
    end: flag,
  },
  body: { n: count, end: flag, coding: textOrAbsent },
  part: { offset: count, until: count, length: countOrNull, replyTo: text },
  credit: { received: count, limit: count },
  'reply-to': { replyTo: text, received: count },
  cancel: { code: text },
  response: { n: zero, status, headers: headerList, end: flag, coding: textOrAbsent, timings },
  taken: { received: count, taken: count, length: countOrNull, over: flag },
  progress: { received: count },
  moved: { tunnel: text, received: count },
  error: { n: count, code: text, message: text, timings },
  socket: { n: count, parts: socketParts, received: count, limit: count, close: socketClose, link: socketLinkOrAbsent },
  'socket-receipt': { received: count, limit: count, link: socketLinkOrAbsent },
  'socket-lost': { link: socketLink },
};

export const isFrame = (value: unknown): value is Frame => {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Record<string, unknown>;
  if (!exchangeId(candidate.exchange) || typeof candidate.type !== 'string' || !Object.hasOwn(FIELDS, candidate.type)) return false;
  const fields = FIELDS[candidate.type as Frame['type']];
  return Object.keys(fields).every((name) => fields[name]!(candidate[name]));
};

/** The head of what a user sends over a WebSocket's connection; the relay makes a frame of it. Without `n` it is nothing but a receipt. */
export interface SocketHead extends Pick<SocketFrame, 'parts' | 'received' | 'limit' | 'close'> {
  readonly n?: number;
  readonly tunnel: string;
  /** Whether a person did something of which it comes: use of the session. */
  readonly used?: boolean;
}

export const isSocketHead = (value: unknown): value is SocketHead =>
  fieldsOf({ n: countOrAbsent, parts: socketParts, received: count, limit: count, close: socketClose, tunnel: text, used: flagOrAbsent })(
    value,
  );
