// What the portal remembers of a sign-in while the browser is at the provider: it travels as `state`, encrypted (JWE), so nothing is stored.
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { StepUp } from '../../policy/decide.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { SamlAsk } from './saml-idp/ask.ts';

/** Where a sign-in leads: to an application's host, or to what a SAML application is answered. */
export type SignInTarget = HostTarget | SamlTarget;

export interface HostTarget {
  readonly to: string;
  /** Another host, which the browser passes through for a session of its own; null: the host of `to` itself. */
  readonly through: string | null;
  /** Of the browser's cookie at that host. */
  readonly challenge: string;
  /** What the application's conditions ask for beyond a session; null for nothing. */
  readonly stepUp: StepUp | null;
}

export interface SamlTarget {
  /** Where to begin again. */
  readonly to: string;
  readonly stepUp: StepUp | null;
  readonly saml: SamlAsk;
}

export interface SignInState {
  /** Null when the portal itself is the target. */
  readonly target: SignInTarget | null;
  /** Id of the identity provider that was asked. */
  readonly provider: string;
  /** PKCE verifier (RFC 7636). */
  readonly verifier: string;
  readonly nonce: string;
  /** Digest of the browser cookie's secret. */
  readonly browser: string;
  readonly startedAt: number;
}

/** How long a person may take at the provider. */
export const SIGN_IN_LIFETIME_MS = 10 * 60_000;

/** A JWE in its one spelling (RFC 7516 §3.1): decoders forgive more. */
const SEALED = /^[\w-]+(?:\.[\w-]*){4}$/;

const HEADER = { alg: 'dir', enc: 'A256GCM' } as const;

export const sealState = (state: SignInState, key: Uint8Array): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(JSON.stringify(state))).setProtectedHeader(HEADER).encrypt(key);

/** Throws ERR_SIGN_IN_INVALID when it was not made here, or is too old. */
export const openState = async (sealed: string | null, key: Uint8Array, now: number): Promise<SignInState> => {
  if (sealed === null) throw new SallyportError('ERR_SIGN_IN_INVALID', 'The sign-in service sent nothing back that belongs to a sign-in.');
  if (!SEALED.test(sealed)) throw new SallyportError('ERR_SIGN_IN_INVALID', 'What the sign-in service sent back was not made here.');
  let state: SignInState;
  try {
    const options = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] };
    state = JSON.parse(new TextDecoder().decode((await compactDecrypt(sealed, key, options)).plaintext));
  } catch (error) {
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'What the sign-in service sent back was not made here.', { cause: error });
  }
  if (now - state.startedAt > SIGN_IN_LIFETIME_MS)
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'The sign-in took more than ten minutes.');
  return state;
};
