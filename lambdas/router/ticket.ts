// The ticket with which a router opens its reply socket; the Reply API's authorizer checks it.
import { SignJWT } from 'jose';

export const TICKET_TYPE = 'reply+jwt';
export const TICKET_AUDIENCE = 'sallyport:reply';
export const TICKET_SUBJECT = 'router';
const LIFETIME_S = 30;

export const signTicket = (key: Uint8Array, nowMs: number): Promise<string> => {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: TICKET_TYPE })
    .setSubject(TICKET_SUBJECT)
    .setAudience(TICKET_AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_S)
    .sign(key);
};
