// A connector that a test plays: it enrols and dials as the real one does, and says on its tunnel what it is told to say, no more.
import type { WebSocket } from 'ws';
import { systemClock } from '../../connector/clock.ts';
import { dial } from '../../connector/dial.ts';
import { createDialToken } from '../../connector/dial-token.ts';
import { enrol, parseEnrolmentCode } from '../../connector/enrol.ts';
import type { Identity } from '../../connector/identity.ts';
import { createNetwork } from '../../connector/network.ts';
import { openWelcome, type Welcome } from '../../connector/welcome.ts';
import { control } from './administrator.ts';
import type { World } from './world.ts';

export interface PlayedTunnel {
  /** Says it and resolves with what comes back. Rejects when the tunnel ends before. */
  ask(message: object): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when the tunnel has ended, whoever ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface WelcomedTunnel extends PlayedTunnel {
  readonly connectionId: string;
  /** Frame key, credentials and where to answer. */
  readonly welcome: Welcome;
}

export interface PlayedConnector {
  readonly identity: Identity;
  token(): Promise<string>;
  /** Throws as the real connector's dial does. */
  dial(token?: string): Promise<PlayedTunnel>;
  /** Dials, says hello, and opens what comes back. */
  welcomed(): Promise<WelcomedTunnel>;
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

/** Enrolled in this group with a code of its own. */
export const playConnectorOf = async (world: World, group: string): Promise<PlayedConnector> =>
  playEnrolment((await control(world).issueCode(group)).code, `played-${group}`);

/** `identity`: of a connector that is enrolled. */
export const playConnector = (identity: Identity): PlayedConnector => {
  const network = createNetwork({ env: {}, extraCa: null });
  const tunnels = new Set<PlayedTunnel>();
  const token = () => createDialToken(identity, Date.now());
  const dialNow = async (given?: string): Promise<PlayedTunnel> => {
    const tunnel = await dial({ url: identity.tunnelUrl, token: given ?? (await token()), network, now: Date.now }, playTunnel);
    tunnels.add(tunnel);
    return tunnel;
  };
  return {
    identity,
    token,
    dial: dialNow,
    welcomed: async () => {
      const tunnel = await dialNow();
      const { sealed, connectionId } = await tunnel.ask({ type: 'hello', version: '0.0.0' });
      const welcome = await openWelcome(String(sealed), identity.sealingKey, identity.connector);
      return { ...tunnel, welcome, connectionId: String(connectionId) };
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
