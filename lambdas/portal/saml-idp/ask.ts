// What is to be answered to which application: read from its request, or begun at the portal. While the user signs in it travels sealed,
// as the state of the sign-in does, so that nothing is stored.
import { CompactEncrypt, compactDecrypt } from 'jose';
import { SallyportError } from '../../../protocol/errors.ts';

export interface SamlAsk {
  /** Id of the application. */
  readonly application: string;
  /** One of its `acsUrls`. */
  readonly acsUrl: string;
  /** Null: nobody asked (unsolicited). */
  readonly requestId: string | null;
  readonly relayState: string | null;
  /** What the application wants beyond a session: a second factor; that the user shows anew who they are. */
  readonly mfa: boolean;
  readonly anew: boolean;
  /** Whether the user was sent to the provider for more already. */
  readonly steppedUp: boolean;
  /** Whether the user themselves began it: at the portal, not on another site's page. */
  readonly own: boolean;
  readonly startedAt: number;
}

/** A sign-in, and one more for a second factor. */
const ASK_LIFETIME_MS = 20 * 60_000;

const HEADER = { alg: 'dir', enc: 'A256GCM', typ: 'saml-ask' } as const;

/** For the portal session of this id alone: an address that somebody else was given is worth nothing to lure a user with. */
export const sealAsk = (ask: SamlAsk, session: string, key: Uint8Array): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ ask, session }))).setProtectedHeader(HEADER).encrypt(key);

/** Throws ERR_SIGN_IN_INVALID when it was not made here, for this session, or is too old. */
export const openAsk = async (sealed: string | null, session: string, key: Uint8Array, now: number): Promise<SamlAsk> => {
  const opened = await decrypted(sealed ?? '', key);
  if (opened?.session !== session)
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'What is to be answered was not asked here: open the application.');
  const { ask } = opened;
  if (now - ask.startedAt > ASK_LIFETIME_MS)
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'The sign-in took long: open the application once more.');
  return ask;
};

const decrypted = async (sealed: string, key: Uint8Array): Promise<{ readonly ask: SamlAsk; readonly session: string } | null> => {
  try {
    const options = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] };
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, options);
    return protectedHeader.typ === HEADER.typ ? JSON.parse(new TextDecoder().decode(plaintext)) : null;
  } catch {
    return null;
  }
};
