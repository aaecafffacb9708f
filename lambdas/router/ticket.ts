// The tickets with which connections to the Reply API are opened; its authorizer checks them: a router's own, and one for a user's WebSocket.
import { type JWTPayload, SignJWT } from 'jose';

export const TICKET_TYPE = 'reply+jwt';
export const TICKET_AUDIENCE = 'sallyport:reply';
export const ROUTER = 'router';
export const USER = 'user';
const LIFETIME_S = 30;

/** What a user's connection is for. It stands in a URL that the user sees: nothing in it is a secret of ours. */
export interface SocketTicket {
  /** The ticket's own: it is good for one connection. */
  readonly id: string;
  readonly exchange: string;
  readonly connector: string;
  readonly group: string;
  readonly tunnel: string;
  /** Whether its frames are sealed by a key for each direction, as the exchange's that opened it were. */
  readonly keysApart?: true;
  /** The how manieth connection of this WebSocket. */
  readonly link: number;
  /** The application that was decided on, where the directory has it, and what was decided by (stores/policy-version.ts). */
  readonly application: string;
  readonly at: { readonly host: string; readonly path: string };
  readonly policy: string;
  /** Whose end ends the connection: a session's, or a service token's; absent for other programs, and where everyone passes. */
  readonly session?: string;
  readonly parent?: string;
  readonly token?: string;
}

export const signTicket = (key: Uint8Array, nowMs: number): Promise<string> => sign(key, nowMs, ROUTER, {});

export const signSocketTicket = (key: Uint8Array, nowMs: number, { id, ...claims }: SocketTicket): Promise<string> =>
  sign(key, nowMs, USER, { jti: id, ...claims });

const sign = (key: Uint8Array, nowMs: number, subject: string, claims: JWTPayload): Promise<string> => {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: TICKET_TYPE })
    .setSubject(subject)
    .setAudience(TICKET_AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_S)
    .sign(key);
};
