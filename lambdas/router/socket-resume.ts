// What a user's side of a WebSocket keeps for the next connection: API Gateway ends one after ten idle minutes, and after two hours.
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';

const TYPE = 'socket+jwt';
const AUDIENCE = 'sallyport:socket';

/** An open WebSocket. Nothing of it is a secret of ours: the user holds it, signed. */
export interface Resumable {
  readonly exchange: string;
  readonly connector: string;
  readonly group: string;
  /** Whether its frames are sealed by a key for each direction. */
  readonly keysApart?: true;
  readonly application: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  /** Whose it is; null where the application lets everyone pass. */
  readonly issuer: string | null;
  readonly subject: string | null;
}

export const signResume = (key: Uint8Array, socket: Resumable, nowMs: number, untilMs: number): Promise<string> =>
  new SignJWT({ ...socket } as JWTPayload)
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .setAudience(AUDIENCE)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(untilMs / 1000))
    .sign(key);

/** Throws ERR_REQUEST_INVALID for what we did not sign for this host, or whose time is up. */
export const openResume = async (key: Uint8Array, token: string, host: string, nowMs: number): Promise<Resumable> => {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      typ: TYPE,
      audience: AUDIENCE,
      requiredClaims: ['iat', 'exp'],
      currentDate: new Date(nowMs),
    });
    // What we signed has what we signed.
    const socket = payload as unknown as Resumable;
    if (socket.host === host) return socket;
  } catch (cause) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The WebSocket that is to go on is none, or is too old.', { cause });
  }
  throw new SallyportError('ERR_REQUEST_INVALID', 'The WebSocket that is to go on belongs to another host.');
};
