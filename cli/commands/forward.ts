// `sallyport forward URL --port N`: gives programs of this machine a plain WebSocket of a published application.
import { lookup as dnsLookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { checkNoCredentials, tokenOf } from '../program-token.ts';
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
  checkNoCredentials(base);
  const header = options['token-header'] ?? 'Authorization';
  // What is wrong with it is told now; a file's is read each time, since a token may be renewed while this runs.
  await tokenOf(env);
  const dispatcher = new Agent({ connect: { lookup } });
  const network = {
    ask: async (where: string, body: string) => {
      const headers = { [header]: `Bearer ${await tokenOf(env)}`, 'Content-Type': 'application/json' };
      const answer = await request(where, { dispatcher, method: 'POST', headers, body, signal: AbortSignal.timeout(HANDSHAKE_MS) });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    dial: (where: string) => new WebSocket(where, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS, lookup }),
  };

  // The first protocol that the application would be offered is the one that this side may name: it must be chosen before anything is known.
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: Number(options.port ?? 0),
    handleProtocols: ([first]) => first ?? false,
    verifyClient: ({ req }, decide) => {
      const refusal = refusalOf(req, (server.address() as AddressInfo).port, base);
      if (refusal !== null) say(`Refused: ${refusal.why}`);
      decide(refusal === null, refusal?.status);
    },
  });
  server.on('connection', async (near, { url = '/' }) => {
    near.pause();
    near.on('error', () => near.terminate());
    try {
      const far = await openSocket({ url: new URL(url, base).href, protocols: near.protocol === '' ? [] : [near.protocol] }, network);
      far.listen((data, kind) => near.send(data, { binary: kind === 'binary' }));
      near.on('message', (data, binary) => far.send(data as Buffer, binary ? 'binary' : 'text'));
      near.on('close', (code) => far.close(code === 1000 || code >= 3000 ? code : 1005, ''));
      // It went while the other was being opened.
      if (near.readyState === WebSocket.CLOSED) far.close(1005, '');
      near.resume();
      const { code, reason, why } = await far.closed;
      if (why !== '') say(`The WebSocket has ended: ${why}.`);
      // As the application's end was: said, without a code, or broken.
      if (code === 1006) near.terminate();
      else if (code === 1005) near.close();
      else near.close(code, reason);
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
  say(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ leads to ${base.href}. Ctrl-C ends it.`);
  await stopped;
  for (const near of server.clients) near.terminate();
  await dispatcher.destroy();
  await new Promise((resolve) => server.close(resolve));
};

/**
 * Programs of this machine may; pages in a browser on it may not, whatever name they have had pointed here (DNS rebinding). A browser always says
 * which page asks; some programs say the address that they dial. And the token goes to no other host than the command was told.
 */
const refusalOf = (
  { headers: { host, origin }, url = '/' }: IncomingMessage,
  port: number,
  base: URL,
): { readonly status: 400 | 403; readonly why: string } | null => {
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return { status: 403, why: `a connection for the host ${host}.` };
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: `a page of ${origin} asked for it.` };
  if (!/^\/(?![/\\])/.test(url) || URL.parse(url, base)?.origin !== base.origin)
    return { status: 400, why: 'what was asked for is no path.' };
  return null;
};

/** Names below `localhost` are this machine's (RFC 6761 §6.3), which not every resolver knows: a running simulator has such. */
const lookup: LookupFunction = (host, options, done) => {
  if (!host.endsWith('.localhost')) dnsLookup(host, options, done as never);
  else if (options.all) done(null, [LOOPBACK]);
  else done(null, LOOPBACK.address, LOOPBACK.family);
};
