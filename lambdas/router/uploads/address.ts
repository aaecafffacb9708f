// The address of an upload: what every router needs of it, encrypted (JWE), so nothing is stored. How far it has come the connector knows.
import { CompactEncrypt, compactDecrypt } from 'jose';
import { SallyportError } from '../../../protocol/errors.ts';
import { UPLOAD_MAX_MS } from '../../../protocol/limits.ts';

export interface UploadState {
  readonly exchange: string;
  readonly connector: string;
  readonly group: string;
  /** Whether its frames are sealed by a key for each direction. Older addresses do not say. */
  readonly keysApart?: true;
  readonly host: string;
  readonly application: string;
  /** Handle of the session or token that began it; null where the application lets everyone pass. */
  readonly owner: string | null;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Of the whole body; null where it was not known in the beginning. */
  readonly length: number | null;
  /** Digest of the sealed credentials that it began with; null where there were none. */
  readonly credentials: string | null;
  readonly begunAt: number;
}

/** A JWE in its one spelling (RFC 7516 §3.1): decoders forgive more. */
const SEALED = /^[\w-]+(?:\.[\w-]*){4}$/;
const HEADER = { alg: 'dir', enc: 'A256GCM' } as const;

export const sealUpload = (state: UploadState, key: Uint8Array): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(JSON.stringify(state))).setProtectedHeader(HEADER).encrypt(key);

/** Throws ERR_UPLOAD_UNKNOWN when it was not made here, or is too old. */
export const openUpload = async (sealed: string, key: Uint8Array, now: number): Promise<UploadState> => {
  if (!SEALED.test(sealed)) throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The address of the upload was not made here.');
  let state: UploadState;
  try {
    const options = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] };
    state = JSON.parse(new TextDecoder().decode((await compactDecrypt(sealed, key, options)).plaintext));
  } catch (error) {
    throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The address of the upload was not made here.', { cause: error });
  }
  if (now - state.begunAt > UPLOAD_MAX_MS) throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The upload was begun more than a day ago.');
  return state;
};
