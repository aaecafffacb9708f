// Certificates for the public port, made at start: an authority of this process and a certificate for each host asked for.
// X.509 v3 (RFC 5280) written as DER by hand: Node reads certificates but makes none.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

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
  const certificate = build({ subject: name, issuer: name, key: keys.publicKey, signer: keys.privateKey, now, extensions: [constraints] });
  return {
    certificate,
    issue: (hostName) => {
      const host = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = extension('2.5.29.17', false, sequence(tagged(0x82, Buffer.from(hostName, 'ascii'))));
      const usage = extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1')));
      return {
        certificate: build({
          subject: hostName.slice(0, 64),
          issuer: name,
          key: host.publicKey,
          signer: keys.privateKey,
          now,
          extensions: [names, usage],
        }),
        privateKey: host.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
};

interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly now: number;
  readonly extensions: readonly Buffer[];
}

const build = ({ subject, issuer, key, signer, now, extensions }: CertificateParts): string => {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = randomBytes(16);
  // Positive and without a leading zero byte, as DER wants integers.
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    sequence(time(now - DAY_MS), time(now + LIFETIME_MS)),
    distinguishedName(subject),
    createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, signer)]));
  const lines = sequence(content, algorithm, signature)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
};

const tagged = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));

const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));

const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
};

const base128 = (value: number): number[] => {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
};

const distinguishedName = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(commonName, 'utf8')))));

/** UTCTime: `YYMMDDHHMMSSZ`. */
const time = (at: number): Buffer =>
  tagged(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`, 'ascii'));

const extension = (id: string, critical: boolean, value: Buffer): Buffer => sequence(oid(id), boolean(critical), tagged(0x04, value));
