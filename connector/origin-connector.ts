// Makes the connections to origins: to addresses that are allowed, with the certificate that is theirs.
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { addressRefusal, lookupWith, mayConnect, type Resolve } from './address.ts';
import { type ConnectTo, findConnectTo } from './connect-to.ts';
import { handshakeError } from './origin-errors.ts';
import { type TlsOf, tlsOptions } from './origin-tls.ts';

export interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  /** Certificate authorities beside the well-known ones, PEM. */
  readonly ca: readonly string[] | null;
  readonly resolve: Resolve;
  readonly connectTo: readonly ConnectTo[];
  readonly tlsOf: TlsOf;
}

export interface ConnectionRules {
  readonly verifyCertificate: boolean;
  readonly loopbackAllowed: boolean;
}

export const createConnector = (
  { connectTimeoutMs, ca, resolve, connectTo, tlsOf }: ConnectorOptions,
  { verifyCertificate, loopbackAllowed }: ConnectionRules,
): buildConnector.connector => {
  const accept = (address: string) => mayConnect(address, loopbackAllowed);
  const lookup = lookupWith(accept, addressRefusal, resolve);
  const common = { timeout: connectTimeoutMs, lookup, rejectUnauthorized: verifyCertificate, ...(ca && { ca: [...ca] }) };
  const connectors = new Map<string, buildConnector.connector>();

  return (options, callback) => {
    const { hostname, protocol } = options;
    const port = options.port || (protocol === 'https:' ? '443' : '80');
    // An address that the administrator named is not looked up, and was checked when it was read.
    const instead = findConnectTo(connectTo, hostname, port);
    // A literal address is not looked up, so it is checked here.
    if (isIP(hostname) !== 0 && !accept(hostname)) return callback(addressRefusal(hostname, hostname), null);
    const origin = `${protocol}//${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
    const tls = tlsOf(origin);
    let connect = connectors.get(origin);
    if (!connect) {
      // The certificate must be the dialled host's, even when `Host` says the external name.
      const identity = { checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(hostname, certificate) };
      connect = buildConnector({ ...common, ...identity, ...(protocol === 'https:' && tlsOptions(tls)) });
      connectors.set(origin, connect);
    }
    const where = instead === null ? options : { ...options, hostname: instead.address, port: instead.addressPort };
    // undici gives back the socket that it is connecting, and does not say so.
    const socket = connect({ ...where, servername: isIP(hostname) === 0 ? hostname : '' }, (...connected) => {
      const [error] = connected;
      if (error === null) callback(...connected);
      else callback(handshakeError(origin, error, tls, showedCertificate(socket)), null);
    }) as unknown as Socket | undefined;
  };
};

const showedCertificate = (socket: Socket | undefined): boolean =>
  socket instanceof TLSSocket && Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
