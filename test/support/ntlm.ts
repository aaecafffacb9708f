// An origin that signs users in as IIS does with NTLM: it remembers them for the connection, and takes whoever speaks on it for them. And
// the client's part. The messages have NTLM's frame ([MS-NLMP] §2.2.1) and a proof that stands for its own: what is tested is connections.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const SIGNATURE = Buffer.from('NTLMSSP\0');
const [NEGOTIATE, CHALLENGE, AUTHENTICATE] = [1, 2, 3];
const CHALLENGE_BYTES = 8;

export interface NtlmOrigin {
  /** Ending with `/`. */
  readonly url: string;
  /** Whom it has known on each connection. */
  readonly known: ReadonlyMap<Socket, ReadonlySet<string>>;
  dispose(): Promise<void>;
}

export const startNtlmOrigin = async (passwords: Readonly<Record<string, string>>): Promise<NtlmOrigin> => {
  const users = new WeakMap<Socket, string>();
  const challenges = new WeakMap<Socket, Buffer>();
  const known = new Map<Socket, Set<string>>();
  const refuse = (response: ServerResponse, message?: Buffer): void =>
    void response.writeHead(401, { 'WWW-Authenticate': message ? `NTLM ${message.toString('base64')}` : 'NTLM' }).end('refused');

  const server = createServer((request: IncomingMessage, response) => {
    request.resume();
    const { socket } = request;
    const message = ntlmMessage(request.headers.authorization);
    const asked = challenges.get(socket);
    // Whatever else comes in the middle of a handshake ends it.
    challenges.delete(socket);
    if (message !== null) users.delete(socket);
    if (message?.type === NEGOTIATE) {
      const challenge = randomBytes(CHALLENGE_BYTES);
      challenges.set(socket, challenge);
      return refuse(response, framed(CHALLENGE!, challenge));
    }
    if (message?.type === AUTHENTICATE) {
      const { user, proof } = JSON.parse(message.payload.toString()) as { user: string; proof: string };
      if (asked === undefined || !Object.hasOwn(passwords, user) || proof !== proofOf(passwords[user]!, asked)) return refuse(response);
      users.set(socket, user);
    }
    const user = users.get(socket);
    if (user === undefined) return refuse(response);
    known.set(socket, (known.get(socket) ?? new Set()).add(user));
    response.setHeader('content-type', 'text/plain');
    response.end(user);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    known,
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

export interface NtlmAnswer {
  readonly status: number;
  /** `WWW-Authenticate`, whatever it is called by now. */
  readonly challenge: string | undefined;
  readonly body: string;
}

/** The client's part of one handshake, over whatever carries `authorization`. Answers what the last message was answered. */
export const signInByNtlm = async (
  ask: (authorization: string) => Promise<NtlmAnswer>,
  user: string,
  password: string,
): Promise<NtlmAnswer> => {
  const begun = await ask(`NTLM ${framed(NEGOTIATE!, Buffer.alloc(0)).toString('base64')}`);
  const message = ntlmMessage(begun.challenge);
  if (begun.status !== 401 || message?.type !== CHALLENGE) return begun;
  const told = JSON.stringify({ user, proof: proofOf(password, message.payload) });
  return ask(`NTLM ${framed(AUTHENTICATE!, Buffer.from(told)).toString('base64')}`);
};

const framed = (type: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(type);
  return Buffer.concat([SIGNATURE, head, payload]);
};

const ntlmMessage = (field: string | undefined): { readonly type: number; readonly payload: Buffer } | null => {
  const [, text] = /^NTLM (\S+)$/.exec(field ?? '') ?? [];
  if (text === undefined) return null;
  const message = Buffer.from(text, 'base64');
  return { type: message.readUInt32LE(SIGNATURE.length), payload: message.subarray(SIGNATURE.length + 4) };
};

const proofOf = (password: string, challenge: Buffer): string => createHmac('sha256', password).update(challenge).digest('hex');
