// Opens a WebSocket to the Tunnel API, and says in codes why it does not open.
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { CLOCK_TOLERANCE_MS } from '../protocol/enrolment.ts';
import { SallyportError } from '../protocol/errors.ts';
import { SUBPROTOCOL } from '../protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../protocol/limits.ts';
import { clockRefusal } from './enrol.ts';
import { describeFailure, type Network } from './network.ts';

const HANDSHAKE_MS = 10_000;

export interface DialOptions {
  readonly url: string;
  /** A dial token. */
  readonly token: string;
  readonly network: Network;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly now: () => number;
}

/**
 * Resolves with what `attach` makes of the open socket; it is called before any message can come.
 * Throws ERR_CONNECTOR_CLOCK, ERR_CONNECTOR_UNKNOWN, ERR_PROTOCOL_VERSION or ERR_SERVICE_UNREACHABLE.
 */
export const dial = <T>({ url, token, network, now }: DialOptions, attach: (socket: WebSocket) => T): Promise<T> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [SUBPROTOCOL], {
      agent: network.agentFor(new URL(url)),
      headers: { Authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: FRAME_MAX_BYTES,
      followRedirects: false,
    });
    socket.on('error', (error) => reject(handshakeError(url, network, error)));
    socket.once('unexpected-response', (request, answer) => {
      reject(refusal(url, answer, now()));
      answer.resume();
      request.destroy();
    });
    socket.once('open', () => resolve(attach(socket)));
  });

const handshakeError = (url: string, network: Network, error: Error): SallyportError => {
  // `ws` has no code for it: the server answered 101 without the subprotocol that was asked for.
  if (/subprotocol/i.test(error.message)) return version(url);
  // A proxy names itself.
  if (error instanceof SallyportError) return error;
  const at = new URL(url);
  const proxy = network.proxyFor(at);
  const way = proxy === null ? '' : ` through the proxy ${proxy}`;
  return new SallyportError('ERR_SERVICE_UNREACHABLE', `The Tunnel API at ${at.host} cannot be reached${way}: ${describeFailure(error)}`, {
    cause: error,
  });
};

const refusal = (url: string, { statusCode = 0, headers }: IncomingMessage, now: number): SallyportError => {
  const { host } = new URL(url);
  if (statusCode === 400) return version(url);
  if (statusCode === 401 || statusCode === 403) {
    const ahead = now - Date.parse(headers.date ?? '');
    if (Math.abs(ahead) > CLOCK_TOLERANCE_MS) return clockRefusal(ahead, 'the connector goes on trying');
    return new SallyportError(
      'ERR_CONNECTOR_UNKNOWN',
      `The Tunnel API at ${host} does not know this connector (${statusCode}): it was removed, or its state directory belongs to another deployment. Enrol it again.`,
    );
  }
  return new SallyportError('ERR_SERVICE_UNREACHABLE', `The Tunnel API at ${host} answered ${statusCode} in place of a WebSocket.`);
};

const version = (url: string): SallyportError =>
  new SallyportError(
    'ERR_PROTOCOL_VERSION',
    `The Tunnel API at ${new URL(url).host} does not speak ${SUBPROTOCOL}. Update the connector or the service, whichever is older.`,
  );
