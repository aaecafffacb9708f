// Opens what the service sealed for this connector alone: its frame key, credentials for the Reply API, its group's applications.
import { compactDecrypt, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import { SallyportError } from '../protocol/errors.ts';
import type { WelcomeSecrets } from '../protocol/tunnel-messages.ts';
import { isThisMachine } from './address.ts';

const FRAME_KEY_BYTES = 32;

const schema = z.object({
  connector: z.string(),
  group: z.string(),
  frameKey: z.string(),
  keysApart: z.literal(true).optional(),
  replyEndpoint: z.url({ protocol: /^https?$/ }),
  region: z.string().min(1),
  credentials: z.object({
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
    sessionToken: z.string(),
    expiresAt: z.number(),
  }),
  applications: z.array(
    z.object({
      name: z.string(),
      internalUrl: z.string(),
      kerberos: z.object({ id: z.string(), service: z.string() }).optional(),
      verifyCertificate: z.literal(false).optional(),
    }),
  ),
});

export interface Welcome extends Omit<WelcomeSecrets, 'frameKey'> {
  readonly frameKey: Uint8Array;
}

/** Throws ERR_FRAME_INVALID when the seal cannot be opened or holds something else, ERR_FRAME_FORGED when it is for another connector. */
export const openWelcome = async (sealed: string, sealingKey: JWK, connector: string): Promise<Welcome> => {
  let secrets: z.infer<typeof schema>;
  try {
    const { plaintext } = await compactDecrypt(sealed, await importJWK(sealingKey, 'ECDH-ES'), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    secrets = schema.parse(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch (cause) {
    // The cause's own message could quote a secret: zod's and JSON.parse's quote what they read.
    const name = cause instanceof Error ? cause.name : 'unknown';
    throw new SallyportError('ERR_FRAME_INVALID', `The service's welcome cannot be opened with this connector's key (${name}).`);
  }

  const frameKey = Buffer.from(secrets.frameKey, 'base64url');
  if (frameKey.length !== FRAME_KEY_BYTES) throw new SallyportError('ERR_FRAME_INVALID', 'The frame key of a welcome has 32 bytes.');
  if (secrets.connector !== connector) throw new SallyportError('ERR_FRAME_FORGED', `The welcome is for connector ${secrets.connector}.`);
  const { protocol, hostname } = new URL(secrets.replyEndpoint);
  if (protocol !== 'https:' && !isThisMachine(hostname)) {
    throw new SallyportError('ERR_FRAME_INVALID', `The Reply API at ${secrets.replyEndpoint} is without TLS.`);
  }
  return { ...secrets, frameKey: new Uint8Array(frameKey) };
};
