// Whether an origin can be reached: a connection is made as for a request, and nothing is said over it.
import type { Socket } from 'node:net';
import type { SallyportError } from '../protocol/errors.ts';
import { type Clock, pause } from './clock.ts';
import { originError } from './origin-errors.ts';

/** With TLS 1.3 an origin refuses a client's part of the handshake after the client has done with it (RFC 8446 §4.4.2.4). */
const LINGER_MS = 250;

export interface ProbedOrigin {
  readonly origin: string;
  readonly verifyCertificate: boolean;
  readonly loopbackAllowed: boolean;
}

export type ConnectOrigin = (probed: ProbedOrigin) => Promise<Socket>;

/** Null when it was reached, else what it failed of. Never rejects. */
export type ProbeOrigin = (probed: ProbedOrigin) => Promise<SallyportError | null>;

export const createProbeOrigin =
  (connect: ConnectOrigin, clock: Pick<Clock, 'after'>): ProbeOrigin =>
  async (probed) => {
    let socket: Socket;
    try {
      socket = await connect(probed);
    } catch (error) {
      return originError(probed.origin, error, false);
    }
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve));
    const linger = pause(clock, probed.origin.startsWith('https:') ? LINGER_MS : 0);
    const error = await Promise.race([failed, linger.over]);
    linger.cancel();
    socket.destroy();
    return error ? originError(probed.origin, error, true) : null;
  };
