// A network whose only way out is a proxy that asks who calls and inspects TLS, on loopback: names lead where the test says, and under each the
// proxy shows a certificate of an authority of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { listen } from './fake-service.ts';

const CREDENTIALS = 'connector:p@ss/word';

export interface InspectingProxy {
  /** As HTTPS_PROXY has it, with credentials. */
  readonly url: string;
  readonly host: string;
  /** PEM. */
  readonly authority: string;
  /** `host:port` of each CONNECT that was let through. */
  readonly opened: string[];
  /** Names, and the ports of loopback that they lead to. */
  readonly names: Map<string, number>;
  /** A status that it answers to every CONNECT in place of a tunnel. */
  refuse: number | null;
  close(): void;
}

export const startInspectingProxy = async (): Promise<InspectingProxy> => {
  const { authority, key, cert } = makeCertificates('*.sallyport.test');
  const context = createSecureContext({ key, cert });
  const sockets = new Set<Socket>();
  const keep = <Some extends Socket>(socket: Some): Some => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    return socket;
  };

  const server = createServer((_, response) => void response.writeHead(400).end());
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    keep(socket);
    const [name = '', port] = request.url!.split(':');
    const allowed = request.headers['proxy-authorization'] === `Basic ${Buffer.from(CREDENTIALS).toString('base64')}`;
    const status = proxy.refuse ?? (allowed ? 200 : 407);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    proxy.opened.push(request.url!);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const inside = port === '443' ? keep(new TLSSocket(socket, { isServer: true, secureContext: context })) : socket;
    const outside = keep(connect(proxy.names.get(name) ?? 1, '127.0.0.1'));
    inside.pipe(outside).pipe(inside);
    inside.on('close', () => outside.destroy());
    outside.on('close', () => inside.destroy());
  });
  const host = `127.0.0.1:${await listen(server)}`;

  const proxy: InspectingProxy = {
    ...{ url: `http://connector:p%40ss%2Fword@${host}`, host, authority, opened: [], names: new Map(), refuse: null },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return proxy;
};

/** An authority, and a certificate of it for these names. */
export const makeCertificates = (names: string): { readonly authority: string; readonly key: string; readonly cert: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-authority-'));
  const at = (file: string): string => join(folder, file);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  try {
    writeFileSync(at('names'), `subjectAltName=DNS:${names}\n`);
    openssl('req', '-x509', ...newKey, '-subj', '/CN=Inspection', '-keyout', at('ca.key'), '-out', at('ca.pem'));
    openssl('req', ...newKey.slice(0, -2), '-subj', '/CN=leaf', '-keyout', at('key.pem'), '-out', at('leaf.csr'));
    const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('names')];
    openssl('x509', '-req', '-in', at('leaf.csr'), ...signed, '-out', at('cert.pem'));
    const read = (file: string): string => readFileSync(at(file), 'utf8');
    return { authority: read('ca.pem'), key: read('key.pem'), cert: read('cert.pem') };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
