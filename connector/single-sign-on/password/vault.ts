// Opens what users and administrators have sealed for the connectors of this group, and believes it only for whom and for what it says.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compactDecrypt, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import { SallyportError } from '../../../protocol/errors.ts';
import type { PasswordSignOn } from '../../../protocol/sign-on.ts';
import { readVaultKey, type SealedCredentials, sealedTo, vaultKeyText } from '../../../protocol/vault.ts';
import { Recent } from './recent.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Throws ERR_CREDENTIALS_UNREADABLE. */
export type OpenCredentials = (user: Pick<PasswordSignOn, 'application' | 'owner' | 'sealed'>) => Promise<Credentials>;

const REMEMBERED_MAX = 1_000;

const keySchema = z.looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() });
const sealedSchema: z.ZodType<SealedCredentials> = z.object({
  application: z.string(),
  owner: z.string().nullable(),
  username: z.string(),
  password: z.string(),
});

/** By their ids. Throws ERR_CONFIGURATION_INVALID. */
export const readVaultKeys = (paths: readonly string[], read = (path: string) => readFileSync(path, 'utf8')): ReadonlyMap<string, JWK> =>
  new Map(
    paths.map((path) => {
      try {
        const jwk = keySchema.parse(JSON.parse(read(path)));
        return [readVaultKey(vaultKeyText(jwk))!.id, jwk];
      } catch (error) {
        // What was read is a secret, and parsers quote it.
        const { code, name } = error as NodeJS.ErrnoException;
        throw new SallyportError(
          'ERR_CONFIGURATION_INVALID',
          `--vault-keys: ${path} holds no vault key (${code ?? name}). Make one with: npx sallyport vault create FILE`,
        );
      }
    }),
  );

export const createVault = (keys: ReadonlyMap<string, JWK>): OpenCredentials => {
  const opened = new Recent<string, SealedCredentials>(REMEMBERED_MAX);

  return async ({ application, owner, sealed }) => {
    const known = opened.get(nameOf(sealed));
    const found = known ?? (await open(keys, sealed));
    if (known === undefined) opened.set(nameOf(sealed), found);
    if (found.application !== application || found.owner !== owner) {
      throw unreadable(
        `what is stored for ${application} was sealed for ${found.application === application ? 'another user' : 'another application'}. Somebody may have moved it`,
      );
    }
    return { username: found.username, password: found.password };
  };
};

/** Sealed credentials are one of a kind: each has a key of its own. */
export const nameOf = (sealed: string): string => createHash('sha256').update(sealed).digest('base64url');

const open = async (keys: ReadonlyMap<string, JWK>, sealed: string): Promise<SealedCredentials> => {
  const id = sealedTo(sealed);
  if (id === null) throw unreadable('what is stored is no sealed credentials');
  const key = keys.get(id);
  if (key === undefined) {
    throw unreadable(`they were sealed to vault key ${id}, which this connector does not have: start it with --vault-keys`);
  }
  try {
    const { plaintext } = await compactDecrypt(sealed, await importJWK(key, 'ECDH-ES'), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return sealedSchema.parse(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch (error) {
    throw unreadable(`vault key ${id} does not open them (${error instanceof Error ? error.name : 'unknown'})`);
  }
};

const unreadable = (why: string): SallyportError =>
  new SallyportError('ERR_CREDENTIALS_UNREADABLE', `The credentials cannot be used: ${why}.`);
