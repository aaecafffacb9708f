// `sallyport credentials set|remove` and `sallyport vault create`: users' names and passwords for applications, sealed here for the
// connectors. The private key of a vault is made here too, and goes to the connectors' machines by the administrator's own hand.
import { writeFileSync } from 'node:fs';
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { CREDENTIAL_MAX_CHARACTERS, readVaultKey, type SealedCredentials, vaultKeyText } from '../../protocol/vault.ts';
import type { ControlClient } from '../control-client.ts';

type Say = (line: string) => void;

export interface WhoseOptions {
  readonly user?: string;
  readonly issuer?: string;
  readonly subject?: string;
}

export const setCredentials = async (
  client: ControlClient,
  [application, username]: readonly string[],
  whose: WhoseOptions,
  readPassword: () => Promise<string>,
  say: Say,
): Promise<void> => {
  const { vaultKey, owner } = await client.credentials(application!, whose);
  const password = await readPassword();
  for (const [what, text] of [
    ['user name', username!],
    ['password', password],
  ] as const) {
    if (text === '' || text.length > CREDENTIAL_MAX_CHARACTERS) {
      throw new SallyportError(
        'ERR_CONFIGURATION_INVALID',
        `The ${what} has 1 to ${CREDENTIAL_MAX_CHARACTERS} characters, not ${text.length}.`,
      );
    }
  }
  const sealed = await seal(vaultKey, { application: application!, owner, username: username!, password });
  await client.setCredentials(application!, owner, sealed);
  say(`The credentials for ${application} are set, ${owner === null ? 'for all its users' : `for ${whose.user ?? whose.subject}`}.`);
};

export const removeCredentials = async (client: ControlClient, application: string, whose: WhoseOptions, say: Say): Promise<void> => {
  await client.removeCredentials(application, whose);
  say(`The credentials for ${application} are removed: they are used no more within 10 seconds.`);
};

/** A file that is there already is left alone: whatever was sealed to its key would be lost. */
export const createVault = async (file: string, say: Say): Promise<void> => {
  const { privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
  const jwk = await exportJWK(privateKey);
  try {
    writeFileSync(file, `${JSON.stringify(jwk)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `The key cannot be written: ${(error as Error).message}.`, { cause: error });
  }
  say(`${file} has the private key: bring it to every connector of the group, and start them with --vault-keys ${file}.`);
  say('For the tenant file:');
  say('');
  say(`  vaultKey: ${vaultKeyText({ x: jwk.x!, y: jwk.y! })}`);
  say('');
};

/** A compact JWE, as the portal's page makes it. */
export const seal = async (vaultKey: string, credentials: SealedCredentials): Promise<string> => {
  const key = readVaultKey(vaultKey);
  if (key === undefined)
    throw new SallyportError('ERR_CONTROL_UNREACHABLE', 'The control API answered with something that is no vault key.');
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(credentials)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: key.id })
    .encrypt(await importJWK({ ...key.jwk }, 'ECDH-ES'));
};
