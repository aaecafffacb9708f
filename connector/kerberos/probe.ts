// Asks a domain controller the least that it must answer (an AS-REQ without pre-authentication, RFC 4120 §5.4.1): is it there, what
// time is it, does it know the account. libkrb5 tells none of these apart from others in time.
import { connect } from 'node:net';

export interface Probed {
  /** Milliseconds since the epoch by its clock, to the second; null where it sent a ticket instead of an error. */
  readonly time: number | null;
  /** Of its answer (RFC 4120 §7.5.9): 25 asks for pre-authentication, as it should; 6 does not know the account; null for a ticket. */
  readonly error: number | null;
}

/** `host`: with or without a port. Rejects with an Error that says how far it came. */
export type Probe = (host: string, principal: string) => Promise<Probed>;

const PORT = 88;
const ANSWER_MAX_BYTES = 65_536;

/** RFC 3961: the kinds of key that a current domain has. */
const AES256 = 18;
const AES128 = 17;
const RC4 = 23;

const GENERAL_STRING = 0x1b;
const GENERALIZED_TIME = 0x18;
const AS_REQ = 10;
const AS_REP = 11;
const KRB_ERROR = 30;

export const createProbe =
  (deadlineMs: number): Probe =>
  async (host, principal) => {
    const [, name = '', port = PORT] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
    return readAnswer(await exchange(name.replace(/^\[(.*)\]$/, '$1'), Number(port), asRequest(principal), deadlineMs));
  };

/** One message each way over TCP, each with its length before it (RFC 4120 §7.2.2). */
const exchange = (host: string, port: number, request: Buffer, deadlineMs: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    let connected = false;
    const socket = connect({ host, port, signal: AbortSignal.timeout(deadlineMs) });
    const finish = (act: () => void) => {
      socket.destroy();
      act();
    };
    socket.once('connect', () => {
      connected = true;
      socket.write(Buffer.concat([uint32(request.length), request]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length >= 4 ? received.readUInt32BE(0) : Number.POSITIVE_INFINITY;
      if (received.length >= 4 && length > ANSWER_MAX_BYTES) finish(() => reject(new Error('it answers something that is not Kerberos')));
      else if (received.length >= 4 + length) finish(() => resolve(received.subarray(4, 4 + length)));
    });
    socket.once('error', (error) => {
      const silent = error.name === 'AbortError' || error.name === 'TimeoutError';
      const said = connected
        ? `it accepts the connection and does not answer within ${deadlineMs} ms`
        : `no connection within ${deadlineMs} ms`;
      finish(() => reject(new Error(silent ? said : error.message)));
    });
    socket.once('close', () => reject(new Error('it closes the connection without an answer')));
  });

const asRequest = (principal: string): Buffer => {
  const at = principal.lastIndexOf('@');
  const realm = principal.slice(at + 1);
  const body = sequence(
    field(0, tagged(0x03, Buffer.from([0, 0, 0, 0, 0]))),
    field(1, principalName(1, principal.slice(0, at).split('/'))),
    field(2, tagged(GENERAL_STRING, Buffer.from(realm))),
    field(3, principalName(2, ['krbtgt', realm])),
    field(5, tagged(GENERALIZED_TIME, Buffer.from('20370913024805Z'))),
    field(7, integer(1)),
    field(8, sequence(integer(AES256), integer(AES128), integer(RC4))),
  );
  return tagged(0x60 | AS_REQ, sequence(field(1, integer(5)), field(2, integer(AS_REQ)), field(4, body)));
};

const principalName = (kind: number, names: readonly string[]): Buffer =>
  sequence(field(0, integer(kind)), field(1, sequence(...names.map((name) => tagged(GENERAL_STRING, Buffer.from(name))))));

const readAnswer = (answer: Buffer): Probed => {
  const [message] = elementsOf(answer);
  if (message?.tag === (0x60 | AS_REP)) return { time: null, error: null };
  if (message?.tag !== (0x60 | KRB_ERROR)) throw new Error('it answers something that is not Kerberos');
  const fields = elementsOf(elementsOf(message.content)[0]?.content ?? Buffer.alloc(0));
  const content = (tag: number) => elementsOf(fields.find((one) => one.tag === (0xa0 | tag))?.content ?? Buffer.alloc(0))[0]?.content;
  const time = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
    .exec(content(4)?.toString('latin1') ?? '')
    ?.slice(1)
    .map(Number);
  const [year = 0, month = 0, day, hour, minute, second] = time ?? [];
  const error = content(6);
  return {
    time: time === undefined ? null : Date.UTC(year, month - 1, day, hour, minute, second),
    error: error === undefined || error.length === 0 ? null : error.readIntBE(0, Math.min(error.length, 6)),
  };
};

// ── as much of DER (X.690) as the two messages need ─────────────────────────────────────────────────────

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const tagged = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));

const field = (number: number, content: Buffer): Buffer => tagged(0xa0 | number, content);

const integer = (value: number): Buffer => tagged(0x02, Buffer.from([value]));

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** Throws for lengths that lead outside. */
const elementsOf = (bytes: Buffer): Element[] => {
  const elements: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1]!;
    const extra = first < 0x80 ? 0 : first & 0x7f;
    if (extra > 4 || at + 2 + extra > bytes.length) throw new Error('it answers something that is not Kerberos');
    const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
    const from = at + 2 + extra;
    if (from + length > bytes.length) throw new Error('it answers something that is not Kerberos');
    elements.push({ tag, content: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return elements;
};
