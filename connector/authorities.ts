// Reads certificate authorities that an administrator adds to the well-known ones.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SallyportError } from '../protocol/errors.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The file's certificates. Throws ERR_CONFIGURATION_INVALID when it holds none, or one that cannot be read. */
export const readAuthorities = (path: string): string => {
  try {
    const found = readFileSync(path, 'utf8').match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('expected certificates in PEM form, -----BEGIN CERTIFICATE-----');
    for (const certificate of found) new X509Certificate(certificate);
    return `${found.join('\n')}\n`;
  } catch (cause) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `--ca-file ${path}: ${(cause as Error).message}.`, { cause });
  }
};
