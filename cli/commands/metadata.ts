// `sallyport metadata SOURCE FILE`: fetches a SAML provider's or application's metadata into a file beside the tenant file, and shows what
// they say, and what they said before. Nothing is fetched at any other time: what is believed stands in the file.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SallyportError } from '../../protocol/errors.ts';
import { ConfigurationError } from '../../tenants/faults.ts';
import { METADATA_MAX_BYTES, type Metadata, MetadataFault, readMetadata } from '../../tenants/saml-metadata.ts';

export interface MetadataOptions {
  /** A file with the certificate, in PEM, whose key must have signed them. */
  readonly 'signed-by'?: string;
}

const DEADLINE_MS = 30_000;

/** Throws ERR_CONFIGURATION_INVALID, ERR_SERVICE_UNREACHABLE. */
export const fetchMetadata = async (
  [source = '', file = '']: readonly string[],
  { 'signed-by': signedBy }: MetadataOptions,
  say: (line: string) => void,
  now: number,
): Promise<void> => {
  const bytes = /^https?:/i.test(source) ? await download(source) : readFile(source);
  const read = readFrom(source, bytes, signedBy === undefined ? undefined : readFile(signedBy).toString('utf8'));
  if (read.validUntil !== null && !(Date.parse(read.validUntil) > now))
    throw refused(source, 'metadata that are still good', `validUntil ${read.validUntil}`, 'Ask its administrator for newer ones.');
  const before = existsSync(file) ? readFile(file) : null;
  if (before?.equals(bytes)) return say(`${file} is already as ${source} says.`);

  for (const line of describeChanges(before === null ? [] : linesOf(readFrom(file, before)), linesOf(read))) say(line);
  if (read.isSigned && signedBy === undefined) say('  They are signed; by whom was not checked: --signed-by CERTIFICATE does.');
  writeFileSync(file, bytes);
  say(`Written to ${file}: look at it as at any change. It takes effect with npx cdk deploy; an application's with npx sallyport apply.`);
};

/** Over TLS, and from where it was said: what comes decides who signs users in. */
const download = async (source: string): Promise<Buffer> => {
  const url = URL.canParse(source) ? new URL(source) : null;
  const isLoopback = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !isLoopback))
    throw refused(source, 'an https URL, or the path of a file', 'another address', 'Copy it from the provider’s documentation.');
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await collect(source, response);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new SallyportError('ERR_SERVICE_UNREACHABLE', `${source} could not be fetched: ${reasonOf(error)}. Nothing was changed.`, {
      cause: error,
    });
  }
};

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

const collect = async (source: string, { body }: Response): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > METADATA_MAX_BYTES)
      throw refused(
        source,
        `${METADATA_MAX_BYTES} bytes at most`,
        'more',
        'Metadata of a whole federation are too long: fetch those of the one entity.',
      );
    parts.push(part);
  }
  return Buffer.concat(parts);
};

const readFile = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${path} cannot be read. Nothing was changed.`, { cause });
  }
};

const readFrom = (source: string, bytes: Buffer, signedBy?: string): Metadata => {
  try {
    return readMetadata(bytes, signedBy);
  } catch (error) {
    if (!(error instanceof MetadataFault)) throw error;
    throw refused(source, error.expected, error.got, 'Check the address, and with its administrator what it serves.');
  }
};

const refused = (source: string, expected: string, got: string, advice: string): ConfigurationError =>
  new ConfigurationError(source, [{ path: '', expected, got, advice }]);

/** Everything that is believed, one to a line. */
const linesOf = ({ provider, application }: Metadata): string[] => [
  ...(provider === null ? [] : settingsOf('provider', provider)),
  ...(application === null ? [] : settingsOf('application', application)),
];

const settingsOf = (role: string, settings: object): string[] =>
  Object.entries(settings).flatMap(([name, value]) =>
    [value].flat().map((one) => `${role} ${name}: ${name === 'certificates' ? certificateText(String(one)) : one}`),
  );

const certificateText = (pem: string): string => {
  const { subject, validTo, fingerprint256 } = new X509Certificate(pem);
  return `${subject.replaceAll('\n', ', ')}, until ${validTo}, SHA-256 ${fingerprint256}`;
};

const describeChanges = (before: readonly string[], after: readonly string[]): string[] => [
  ...after.map((line) => `${before.includes(line) ? ' ' : '+'} ${line}`),
  ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
];
