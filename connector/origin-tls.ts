// What an administrator says of the TLS of single origins: which client certificate they want, and which old version is put up with.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { SallyportError } from '../protocol/errors.ts';
import { type AllowedOrigin, findAllowed, parseAllowedOrigin } from './allowlist.ts';

export interface ClientCertificateFile extends AllowedOrigin {
  readonly file: string;
}

export interface TlsMinimum extends AllowedOrigin {
  readonly version: TlsVersion;
}

export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3';

/** For one origin. */
export interface OriginTls {
  readonly minimum: TlsVersion;
  readonly clientCertificate: ClientCertificate | null;
}

/** The chain, and its key. */
interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export type TlsOf = (origin: string) => OriginTls;

const MINIMUM: TlsVersion = '1.2';
export const DEFAULT_TLS: TlsOf = () => ({ minimum: MINIMUM, clientCertificate: null });
const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = { '1.0': 'TLSv1', '1.1': 'TLSv1.1', '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' };
/** OpenSSL takes keys and hashes of the time of these versions at this level only. */
const OLD_CIPHERS = 'DEFAULT@SECLEVEL=0';
/** SSL_OP_LEGACY_SERVER_CONNECT, which Node's constants lack: servers from before RFC 5746. */
const LEGACY_SERVER_CONNECT = 0x4;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Throws an Error whose message completes "<entry>: …". */
export const parseClientCertificate = (text: string): ClientCertificateFile => {
  const { origin, value } = split(text, 'such as https://erp.corp=/etc/sallyport/erp.pem');
  return { ...origin, text, file: value };
};

/** Throws an Error whose message completes "<entry>: …". */
export const parseTlsMinimum = (text: string): TlsMinimum => {
  const { origin, value } = split(text, 'such as https://old.corp=1.0');
  if (!isVersion(value)) throw new Error(`expected one of ${Object.keys(VERSIONS).join(', ')} behind =`);
  return { ...origin, text, version: value };
};

/** Reads the certificates' files. Throws ERR_CONFIGURATION_INVALID. */
export const createTlsOf = (certificates: readonly ClientCertificateFile[], minimums: readonly TlsMinimum[]): TlsOf => {
  const known = certificates.map((entry) => ({ ...entry, certificate: readCertificate(entry.file) }));
  return (origin) => {
    const url = new URL(origin);
    return {
      minimum: findAllowed(minimums, url)?.version ?? MINIMUM,
      clientCertificate: findAllowed(known, url)?.certificate ?? null,
    };
  };
};

export const tlsOptions = ({ minimum, clientCertificate }: OriginTls): ConnectionOptions => ({
  minVersion: VERSIONS[minimum],
  ...(minimum < '1.2' && { ciphers: OLD_CIPHERS, secureOptions: LEGACY_SERVER_CONNECT }),
  ...clientCertificate,
});

const split = (text: string, example: string): { readonly origin: AllowedOrigin; readonly value: string } => {
  const [, origin = '', value = ''] = /^(https:\/\/[^=]+)=(.+)$/i.exec(text) ?? [];
  if (value === '') throw new Error(`expected an https origin, =, and what is meant for it, ${example}`);
  return { origin: parseAllowedOrigin(origin), value };
};

const isVersion = (text: string): text is TlsVersion => Object.hasOwn(VERSIONS, text);

const readCertificate = (file: string): ClientCertificate => {
  try {
    const text = readFileSync(file, 'utf8');
    const chain = text.match(CERTIFICATES) ?? [];
    const [first] = chain;
    if (first === undefined) throw new Error('expected a certificate in PEM form, -----BEGIN CERTIFICATE-----, and its key');
    const certificate = new X509Certificate(first);
    if (!certificate.checkPrivateKey(readKey(text))) throw new Error('the private key is not that of the first certificate');
    return { cert: chain.join('\n'), key: text };
  } catch (cause) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `--client-certificates ${file}: ${(cause as Error).message}.`, { cause });
  }
};

const readKey = (text: string): ReturnType<typeof createPrivateKey> => {
  try {
    return createPrivateKey(text);
  } catch {
    // What was read is a secret, and parsers quote it.
    throw new Error('expected a private key without a passphrase in PEM form, -----BEGIN PRIVATE KEY-----, beside the certificate');
  }
};
