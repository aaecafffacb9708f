// The keys that sign for SAML applications, by the names that the tenant file gives them. The first signs, all are published. A name that is
// new gets a key, one that is gone loses it, so that an administrator changes keys by two deployments.
import { generateKeyPairSync } from 'node:crypto';
import { createCertificate, extension, tagged } from '../../protocol/x509.ts';

const RSA_BITS = 3072;
const DAY_MS = 86_400_000;
/** For signatures, and for nothing else (RFC 5280 §4.2.1.3). */
const KEY_USAGE = extension('2.5.29.15', true, tagged(0x03, Buffer.from([7, 0x80])));
/** Applications that check it at all would fail on a day that nobody remembers. */
const LIFETIME_MS = 10 * 365 * DAY_MS;

export interface NamedKey {
  readonly name: string;
  /** Both in PEM. */
  readonly privateKey: string;
  readonly certificate: string;
}

export interface SecretStore {
  read(): Promise<string>;
  write(value: string): Promise<void>;
}

/** Makes the secret hold a key for each of these names, in this order. Answers whose keys are new. */
export const keepSigningKeys = async (names: readonly string[], secret: SecretStore, now: number): Promise<readonly string[]> => {
  const before = readKeys(await secret.read());
  const known = (name: string) => before.find((key) => key.name === name);
  const keys = names.map((name) => known(name) ?? createKey(name, now));
  if (keys.map(({ name }) => name).join() !== before.map(({ name }) => name).join()) await secret.write(JSON.stringify({ keys }));
  return names.filter((name) => known(name) === undefined);
};

export const createKey = (name: string, now: number): NamedKey => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  const subject = `Sallyport ${name}`;
  const validity = { from: now - DAY_MS, until: now + LIFETIME_MS };
  return {
    name,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: createCertificate({ subject, issuer: subject, key: publicKey, signer: privateKey, ...validity, extensions: [KEY_USAGE] }),
  };
};

/** None in a secret that was never written: it holds characters of chance. */
const readKeys = (text: string): readonly NamedKey[] => {
  try {
    const { keys } = JSON.parse(text);
    return Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
};
