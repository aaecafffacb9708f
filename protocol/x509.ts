// Certificates: X.509 v3 (RFC 5280) written as DER by hand. Node reads certificates but makes none.
import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  /** Milliseconds since the epoch, before 2050. */
  readonly from: number;
  readonly until: number;
  readonly extensions: readonly Buffer[];
}

/** In PEM. */
export const createCertificate = ({ subject, issuer, key, signer, from, until, extensions }: CertificateParts): string => {
  const algorithm = SIGNED_BY[signer.asymmetricKeyType as keyof typeof SIGNED_BY];
  const serial = randomBytes(16);
  // Positive and without a leading zero byte, as DER wants integers.
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    sequence(time(from), time(until)),
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

export const tagged = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, content]);
};

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));

export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));

export const oid = (dotted: string): Buffer => {
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

export const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), boolean(critical), tagged(0x04, value));

/** SHA-256 with the signer's kind of key (RFC 5758 §3.2, RFC 4055 §5). */
const SIGNED_BY = {
  ec: sequence(oid('1.2.840.10045.4.3.2')),
  rsa: sequence(oid('1.2.840.113549.1.1.11'), tagged(0x05, Buffer.alloc(0))),
};
