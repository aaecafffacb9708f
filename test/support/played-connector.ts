// A connector that a test plays: it enrols and dials as the real one does, and says on its tunnel what it is told to say, no more.
import type { WebSocket } from 'ws';
import { systemClock } from '../../connector/clock.ts';
import { dial } from '../../connector/dial.ts';
import { createDialToken } from '../../connector/dial-token.ts';
import { enrol, parseEnrolmentCode } from '../../connector/enrol.ts';
import type { Identity } from '../../connector/identity.ts';
import { createNetwork } from '../../connector/network.ts';

export interface PlayedTunnel {
  /** Says it and resolves with what comes back. Rejects when the tunnel ends before. */
  ask(message: object): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when the tunnel has ended, whoever ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface PlayedConnector {
  readonly identity: Identity;
  token(): Promise<string>;
  /** Throws as the real connector's dial does. */
  dial(token?: string): Promise<PlayedTunnel>;
  /** Ends what is open. */
  dispose(): Promise<void>;
}

const ANSWER_MS = 20_000;

export const playEnrolment = async (code: string, name: string): Promise<PlayedConnector> => {
  const network = createNetwork({ env: {}, extraCa: null });
  try {
    return playConnector(await enrol({ code: parseEnrolmentCode(code), name, network, clock: systemClock }));
  } finally {
    network.close();
  }
};

/** `identity`: of a connector that is enrolled. */
export const playConnector = (identity: Identity): PlayedConnector => {
  const network = createNetwork({ env: {}, extraCa: null });
  const tunnels = new Set<PlayedTunnel>();
  const token = () => createDialToken(identity, Date.now());
  return {
    identity,
    token,
    dial: async (given) => {
      const tunnel = await dial({ url: identity.tunnelUrl, token: given ?? (await token()), network, now: Date.now }, playTunnel);
      tunnels.add(tunnel);
      return tunnel;
    },
    dispose: async () => {
      await Promise.all([...tunnels].map((tunnel) => tunnel.close()));
      network.close();
    },
  };
};

const playTunnel = (socket: WebSocket): PlayedTunnel => {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    closed,
    ask: (message) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          socket.off('message', hear).off('close', fail);
          act();
        };
        const hear = (data: Buffer) => settle(() => resolve(JSON.parse(data.toString())));
        const fail = () => settle(() => reject(new Error(`No answer to ${JSON.stringify(message)}.`)));
        const timer = setTimeout(fail, ANSWER_MS);
        socket.on('message', hear).on('close', fail);
        socket.send(JSON.stringify(message));
      }),
    close: async () => {
      socket.close();
      await closed;
    },
  };
};
