// Certificates for the public port, made at start: an authority of this process and a certificate for each host asked for.
import { generateKeyPairSync } from 'node:crypto';
import { boolean, createCertificate, extension, oid, sequence, tagged } from '../protocol/x509.ts';

export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Authority {
  /** PEM: what a client has to trust. */
  readonly certificate: string;
  issue(hostName: string): Certificate;
}

const DAY_MS = 86_400_000;
const LIFETIME_MS = 90 * DAY_MS;

export const createAuthority = (now: number): Authority => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = 'Sallyport simulator: for development only';
  const constraints = extension('2.5.29.19', true, sequence(boolean(true)));
  const certificate = createCertificate({
    subject: name,
    issuer: name,
    key: keys.publicKey,
    signer: keys.privateKey,
    ...during(now),
    extensions: [constraints],
  });
  return {
    certificate,
    issue: (hostName) => {
      const host = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = extension('2.5.29.17', false, sequence(tagged(0x82, Buffer.from(hostName, 'ascii'))));
      const usage = extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1')));
      return {
        certificate: createCertificate({
          subject: hostName.slice(0, 64),
          issuer: name,
          key: host.publicKey,
          signer: keys.privateKey,
          ...during(now),
          extensions: [names, usage],
        }),
        privateKey: host.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
};

const during = (now: number) => ({ from: now - DAY_MS, until: now + LIFETIME_MS });
