// Who this connector is: its two key pairs and what enrolment answered, in one file that only its own user may read.
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import type { PublicKey } from '../protocol/enrolment.ts';
import { SallyportError } from '../protocol/errors.ts';

const FILE = 'identity.json';

const privateKey = z.looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() });

const identitySchema = z.object({
  connector: z.string().min(1),
  tenant: z.string().min(1),
  group: z.string().min(1),
  tunnelUrl: z.url({ protocol: /^wss?$/ }),
  signingKey: privateKey,
  sealingKey: privateKey,
});

export interface KeyPairs {
  /** ES256, private: proves who dials. */
  readonly signingKey: JWK;
  /** ECDH-ES on P-256, private: what the service seals to. */
  readonly sealingKey: JWK;
}

export interface Identity extends KeyPairs {
  readonly connector: string;
  readonly tenant: string;
  readonly group: string;
  readonly tunnelUrl: string;
}

export const createKeyPairs = async (): Promise<KeyPairs> => {
  const [signing, sealing] = await Promise.all([
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true }),
  ]);
  return { signingKey: await exportJWK(signing.privateKey), sealingKey: await exportJWK(sealing.privateKey) };
};

/** The part of a key that others may see. */
export const publicKey = ({ x, y }: JWK): PublicKey => ({ kty: 'EC', crv: 'P-256', x: x!, y: y! });

/** Null when this directory holds none yet. Throws ERR_CONFIGURATION_INVALID when it cannot be read or trusted. */
export const readIdentity = async (directory: string): Promise<Identity | null> => {
  const path = join(directory, FILE);
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw refused(
        path,
        `others may read it (mode ${(mode & 0o777).toString(8)}). Its keys may be known to them: remove it and enrol again.`,
      );
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SallyportError) throw error;
    throw refused(path, `it cannot be read: ${(error as Error).message}. Check --state-directory.`, error);
  }

  try {
    return identitySchema.parse(JSON.parse(text)) as Identity;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : 'not JSON';
    throw refused(path, `it is damaged (${why}). Restore it, or remove it and enrol again.`);
  }
};

/** Whole or not at all: a crash leaves the old file or the new one. */
export const writeIdentity = async (directory: string, identity: Identity): Promise<void> => {
  const path = join(directory, FILE);
  const draft = join(directory, `.${FILE}.${randomUUID()}`);
  try {
    await prepareDirectory(directory);
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(identity, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw refused(path, `it cannot be written: ${(error as Error).message}.`, error);
  }
};

/** Throws unless the directory can hold an identity: asked before a one-time code is spent on it. */
export const prepareDirectory = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    const probe = join(directory, `.probe.${randomUUID()}`);
    await (await open(probe, 'wx', 0o600)).close();
    await rm(probe);
  } catch (error) {
    throw refused(directory, `this connector cannot keep its keys there: ${(error as Error).message}. Set --state-directory.`, error);
  }
};

const refused = (path: string, why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_CONFIGURATION_INVALID', `${path}: ${why}`, { cause });
