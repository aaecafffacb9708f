// `sallyport forward URL --port N`: gives programs of this machine a plain WebSocket of a published application.
import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { tokenOf } from '../program-token.ts';
import type { Environment } from '../target.ts';
import { openSocket } from '../web-socket.ts';

export interface ForwardOptions {
  readonly port?: string;
  readonly 'token-header'?: string;
}

export interface ForwardPorts {
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly stopped: Promise<unknown>;
}

const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

const TRY_AGAIN = 1013;
const HANDSHAKE_MS = 10_000;

/** What is wrong with the call, if anything. */
export const forwardFault = ({ port = '0' }: ForwardOptions): string | null =>
  /^\d{1,5}$/.test(port) && Number(port) <= 65_535 ? null : `--port ${port} is no port.`;

/** Serves until `stopped`. Throws ERR_CONFIGURATION_INVALID. */
export const forward = async (address: string, options: ForwardOptions, { env, say, stopped }: ForwardPorts): Promise<void> => {
  const base = URL.parse(address);
  if (base === null || !/^wss?:$/.test(base.protocol)) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${address} is no URL of a WebSocket, such as wss://jupyter.apps.example.com/.`);
  }
  const headers = { [options['token-header'] ?? 'Authorization']: `Bearer ${await tokenOf(env)}`, 'Content-Type': 'application/json' };
  const dispatcher = new Agent({ connect: { lookup } });
  const network = {
    ask: async (where: string, body: string) => {
      const answer = await request(where, { dispatcher, method: 'POST', headers, body, signal: AbortSignal.timeout(HANDSHAKE_MS) });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    dial: (where: string) => new WebSocket(where, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS, lookup }),
  };

  // The first protocol that the application would be offered is the one that this side may name: it must be chosen before anything is known.
  const server = new WebSocketServer({ host: '127.0.0.1', port: Number(options.port ?? 0), handleProtocols: ([first]) => first ?? false });
  server.on('connection', async (near, { url = '/' }) => {
    near.pause();
    near.on('error', () => near.terminate());
    try {
      const far = await openSocket({ url: new URL(url, base).href, protocols: near.protocol === '' ? [] : [near.protocol] }, network);
      far.listen((data, kind) => near.send(data, { binary: kind === 'binary' }));
      near.on('message', (data, binary) => far.send(data as Buffer, binary ? 'binary' : 'text'));
      near.on('close', (code) => far.close(code === 1000 || code >= 3000 ? code : 1005, ''));
      near.resume();
      const { code, reason } = await far.closed;
      near.close(code === 1005 || code === 1006 ? 1000 : code, reason);
    } catch (failure) {
      const { code, message } = asSallyportError(failure);
      say(`${code}: ${message}`);
      near.resume();
      near.close(TRY_AGAIN, code);
    }
  });
  await new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (error) => reject(new SallyportError('ERR_CONFIGURATION_INVALID', `--port: ${error.message}.`, { cause: error })));
  });
  say(`ws://127.0.0.1:${(server.address() as { port: number }).port}/ leads to ${base.href}. Ctrl-C ends it.`);
  await stopped;
  for (const near of server.clients) near.terminate();
  await dispatcher.destroy();
  await new Promise((resolve) => server.close(resolve));
};

/** Names below `localhost` are this machine's (RFC 6761 §6.3), which not every resolver knows: a running simulator has such. */
const lookup: LookupFunction = (host, options, done) => {
  if (!host.endsWith('.localhost')) dnsLookup(host, options, done as never);
  else if (options.all) done(null, [LOOPBACK]);
  else done(null, LOOPBACK.address, LOOPBACK.family);
};
