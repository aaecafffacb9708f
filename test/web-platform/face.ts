// One address for pages and WebSockets of the suite's server, as an application behind the platform has: its pages name this one instead of the
// server's own, and our reporter is in the place that the suite leaves for one. For a direct run it speaks TLS, as the platform does.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as requestPage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from '../../simulator/certificate.ts';
import type { SuiteServer } from './server.ts';

export interface Face {
  readonly port: number;
  /** From now on pages name this host and port. */
  name(host: string, port: number): void;
  dispose(): Promise<void>;
}

const REPORTER_PATH = '/resources/testharnessreport.js';
/** Through more hops everything takes longer; both runs have as long. */
const TIMEOUT_FACTOR = 2;
/** Leaves the results where the runner finds them. Frames report to the page that holds them. */
const REPORTER = `
setup({ output: false, timeout_multiplier: ${TIMEOUT_FACTOR} });
add_completion_callback((tests, harness) => {
  globalThis.suiteResults = {
    harness: harness.status,
    told: harness.message,
    subtests: tests.map(({ name, status, message }) => ({ name, status, message })),
  };
});`;
const TEXT = /^(?:text\/(?:html|javascript)|application\/(?:javascript|x-javascript|xhtml\+xml))/;

type Origin = Pick<SuiteServer, 'host' | 'pagePort' | 'socketPort' | 'ports'>;

export const startFace = async (suite: Origin, certificate?: Certificate): Promise<Face> => {
  let named = { host: suite.host, port: 0 };
  const own = new RegExp(`${suite.host.replaceAll('.', '\\.')}|\\b(?:${suite.ports.join('|')})\\b`, 'g');
  const renamed = (text: string) => text.replace(own, (found) => (found === suite.host ? named.host : String(named.port)));

  const page = (asked: IncomingMessage, answer: ServerResponse): void => {
    if (asked.url === REPORTER_PATH) return void answer.writeHead(200, { 'content-type': 'text/javascript' }).end(REPORTER);
    const { method, url: path, headers } = asked;
    const forwarded = requestPage({ host: '127.0.0.1', port: suite.pagePort, method, path, headers, setHost: false }, (got) => {
      const { statusCode = 502, headers: fields } = got;
      if (!TEXT.test(fields['content-type'] ?? '') || method === 'HEAD') return void got.pipe(answer.writeHead(statusCode, fields));
      delete fields['content-length'];
      delete fields['transfer-encoding'];
      got.toArray().then(
        // Latin-1 keeps every byte of any encoding.
        (chunks) => answer.writeHead(statusCode, fields).end(renamed(Buffer.concat(chunks).toString('latin1')), 'latin1'),
        () => answer.destroy(),
      );
    });
    forwarded.on('error', () => answer.destroy());
    asked.on('error', () => forwarded.destroy()).pipe(forwarded);
  };
  /** Byte for byte: what is wrong with a handshake is what some tests are about. */
  const upgrade = ({ method, url = '', rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const port = url.startsWith('/websockets/') ? suite.pagePort : suite.socketPort;
    const fields = Array.from({ length: rawHeaders.length / 2 }, (_, n) => `${rawHeaders[n * 2]}: ${rawHeaders[n * 2 + 1]}\r\n`);
    const forwarded = connect(port, '127.0.0.1', () => {
      forwarded.write(`${method} ${url} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1');
      forwarded.write(head);
      socket.pipe(forwarded).pipe(socket);
    });
    for (const [one, other] of [[socket, forwarded] as const, [forwarded, socket] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  };

  const server = certificate
    ? createSecureServer({ key: certificate.privateKey, cert: certificate.certificate }, page)
    : createServer(page);
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket.on('close', () => upgraded.delete(socket)));
    upgrade(asked, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    name: (host, port) => {
      named = { host, port };
    },
    dispose: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
};
