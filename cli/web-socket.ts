// A WebSocket of a published application, for a program: the same client as in pages, over the `ws` package.
import { WebSocket } from 'ws';
import { SallyportError } from '../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES, SOCKET_PROGRAM_PAYLOAD_BYTES } from '../protocol/limits.ts';
import { SocketClient } from '../protocol/socket-client.ts';
import type { SocketGrant } from '../protocol/socket-grant.ts';
import type { Kind } from '../protocol/socket-payload.ts';

export interface ProgramSocket {
  /** The id by which logs know it. */
  readonly exchange: string;
  readonly protocol: string;
  send(data: Uint8Array, kind: Kind): void;
  close(code: number, reason: string): void;
  /** Set once; what came before is handed over then. */
  listen(message: (data: Uint8Array, kind: Kind) => void): void;
  /** Resolves at its end. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string; readonly why: string }>;
}

export interface SocketNetwork {
  /** Posts JSON with the program's token. */
  ask(address: string, body: string): Promise<{ readonly status: number; readonly text: string }>;
  dial(address: string): WebSocket;
  /** Bytes that a message to the service holds. @default as many as fit into several frames */
  readonly payload?: number;
}

/** Resolves when it is open. Throws ERR_SOCKET_REFUSED, with what refused it. */
export const openSocket = (
  { url, protocols }: { readonly url: string; readonly protocols: readonly string[] },
  network: SocketNetwork,
): Promise<ProgramSocket> =>
  new Promise((resolve, reject) => {
    const address = new URL('/.sallyport/socket', url.replace(/^ws/, 'http')).href;
    let exchange = '';
    const waiting: Array<readonly [Uint8Array, Kind]> = [];
    let listener: ((data: Uint8Array, kind: Kind) => void) | null = null;
    let end: (how: Awaited<ProgramSocket['closed']>) => void;
    const closed = new Promise<Awaited<ProgramSocket['closed']>>((ended) => {
      end = ended;
    });
    const client = new SocketClient(
      {
        ask: async (question) => {
          const { status, text } = await network.ask(address, JSON.stringify(question));
          const told = parse(text);
          if (status === 200) exchange = String(told.exchange);
          return status === 200 ? (told as unknown as SocketGrant) : { status, problem: String(told.code ?? 'no answer of Sallyport') };
        },
        dial: (connect, events) => {
          const link = network.dial(connect);
          link.on('open', () => events.opened());
          link.on('message', (data) => events.message(String(data)));
          link.on('close', () => events.closed());
          // Its close follows.
          link.on('error', () => undefined);
          return {
            send: (text) => {
              if (link.readyState === WebSocket.OPEN) sendInFrames(link, Buffer.from(text));
            },
            close: () => link.close(),
          };
        },
        after: (ms, callback) => {
          const timer = setTimeout(callback, ms);
          return () => clearTimeout(timer);
        },
        now: () => performance.now(),
        used: () => true,
        payload: network.payload ?? SOCKET_PROGRAM_PAYLOAD_BYTES,
      },
      {
        opened: (protocol) =>
          resolve({
            exchange,
            protocol,
            closed,
            send: (data, kind) => client.send(data, kind),
            close: (code, reason) => client.close(code, reason),
            listen: (message) => {
              listener = message;
              for (const [data, kind] of waiting.splice(0)) message(data, kind);
            },
          }),
        message: (data, kind) => {
          if (listener) listener(data, kind);
          else waiting.push([data, kind]);
        },
        sent: () => undefined,
        closed: (code, reason, why) => {
          end({ code, reason, why });
          reject(new SallyportError('ERR_SOCKET_REFUSED', `${url} was not opened: ${why || `${code} ${reason}`}.`));
        },
      },
    );
    void client.open(url, protocols);
  });

/** A page cannot: its message is one frame. */
const sendInFrames = (link: WebSocket, message: Buffer): void => {
  for (let at = 0; at < message.length; at += CLIENT_FRAME_MAX_BYTES) {
    const end = at + CLIENT_FRAME_MAX_BYTES;
    link.send(message.subarray(at, end), { binary: false, fin: end >= message.length });
  }
};

const parse = (text: string): Record<string, unknown> => {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
};
