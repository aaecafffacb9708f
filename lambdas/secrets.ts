// Reads a secret's value from Secrets Manager once and keeps it; `refresh` reads it anew (a rotated client secret). Writes one.
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SallyportError } from '../protocol/errors.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 3_000;
const ATTEMPTS = 3;

export interface Secret {
  /** The value, from memory after the first time. Throws ERR_STORE_UNAVAILABLE when it cannot be read. */
  read(): Promise<string>;
  /** The value as it is now. A failure leaves the known value in place. */
  refresh(): Promise<string>;
}

export const createSecretsClient = (): SecretsManagerClient =>
  new SecretsManagerClient({
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
  });

export const createSecret = (client: Pick<SecretsManagerClient, 'send'>, id: string): Secret => {
  let known: Promise<string> | null = null;
  const refresh = async (): Promise<string> => {
    const asked = fetchValue(client, id);
    const value = await asked;
    known = asked;
    return value;
  };
  return {
    read: () => {
      // Callers that come at once share one request; one that fails is not remembered.
      known ??= fetchValue(client, id).catch((error: unknown) => {
        known = null;
        throw error;
      });
      return known;
    },
    refresh,
  };
};

/** Throws ERR_STORE_UNAVAILABLE. */
export const writeSecret = async (client: Pick<SecretsManagerClient, 'send'>, id: string, value: string): Promise<void> => {
  try {
    await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }));
  } catch (error) {
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new SallyportError('ERR_STORE_UNAVAILABLE', `Secret ${id} cannot be written (${told}).`, { cause: error });
  }
};

const fetchValue = async (client: Pick<SecretsManagerClient, 'send'>, id: string): Promise<string> => {
  let value: string | undefined;
  try {
    value = (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
  } catch (error) {
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new SallyportError('ERR_STORE_UNAVAILABLE', `Secret ${id} cannot be read (${told}). Check that it exists and has a value.`, {
      cause: error,
    });
  }
  if (!value) throw new SallyportError('ERR_STORE_UNAVAILABLE', `Secret ${id} has no text value. Set one in Secrets Manager.`);
  return value;
};
