// Sessions, and what signing in and out keeps beside them.
import type { NameIdFormat } from './single-sign-on.ts';

/** A signed-in user; `issuer` and `subject` together are the identity, the rest describes it. */
export interface User {
  readonly issuer: string;
  readonly subject: string;
  /** The name that administrators write in `access.users` and that logs show. */
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** The provider left groups out, and they could not be had: which of those not listed are the user's is not known. */
  readonly groupsLeftOut?: true;
  /** The further claims that the tenant file names, as text. */
  readonly claims: Readonly<Record<string, string>>;
  /** Authentication methods (RFC 8176), empty where the provider tells none. */
  readonly amr: readonly string[];
}

/** A sign-in: at the portal (`host` null), or derived from it for one application host. */
export interface Session {
  /** SHA-256 of the cookie's secret, base64url: the secret itself is stored nowhere. */
  readonly id: string;
  /** The portal session that this one came from; its own id for a portal session. */
  readonly parent: string;
  /** The application host that the session is good for; null at the portal. */
  readonly host: string | null;
  readonly user: User;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Whether the user showed more than one factor. */
  readonly mfa: boolean;
  /** When the provider last asked the user to show who they are; null when it does not tell. */
  readonly authenticatedAt: number | null;
  /** How long it may lie unused; absent: until it expires. Kept with the portal session, which all application sessions from it share. */
  readonly idleMs?: number;
  /** When one of them was last used, as far as it was noted (session-use.ts). */
  readonly usedAt?: number;
  /** When the provider is to be asked anew who the user is. Like the token, kept with the portal session; absent where there is none. */
  readonly refreshAt?: number;
  /** What the provider is asked with, sealed (portal/sealed-token.ts). */
  readonly refreshToken?: string;
  /** Until when a function has the refresh in hand: the same as `refreshAt` while it has, or has failed. */
  readonly claimedUntil?: number;
  /** The user's access token, sealed in the same way, and until when it is good. Kept once an application is to have tokens. */
  readonly accessToken?: string;
  readonly accessTokenUntil?: number;
  /** For sign-out at the provider; kept with the portal session only. */
  readonly idToken?: string;
  /** The provider's own session (`sid`), which it may end. */
  readonly providerSession?: string;
  /** The portal session that this one took over from, when the user had to show more: a sign-out ends both. */
  readonly previous?: string;
  /** What the user knows the sign-in by: the browser, in words, and the address that it came from. Kept with the portal session only. */
  readonly device?: string;
  readonly address?: string;
}

/** What the portal hands to an application host, once: how a portal session becomes an application session. */
export interface SignInCode {
  /** SHA-256 of the code, base64url. */
  readonly id: string;
  readonly parent: string;
  readonly host: string;
  /** SHA-256 (base64url) of the secret in the browser's sign-in cookie at the application host. */
  readonly challenge: string;
  /** Where the browser goes in the end, and path, query and fragment there: to `host` itself, unless it only passes through there. */
  readonly returnHost: string;
  readonly returnTo: string;
  /** Further hosts to pass through before, each for a session of its own; and through how many it has come. */
  readonly visits: readonly string[];
  readonly visited: number;
  readonly expiresAt: number;
}

/** A portal session as a SAML application knows it: what a sign-out there or here is told by. */
export interface SamlSession {
  /** Of entity id and session index (portal/saml-idp/session.ts). */
  readonly id: string;
  /** The portal session. */
  readonly parent: string;
  readonly application: string;
  readonly sessionIndex: string;
  readonly nameId: string;
  readonly nameIdFormat: NameIdFormat;
  readonly expiresAt: number;
}

/** A sign-out on its way through the SAML applications, one after the other, by way of the browser. */
export interface SignOutChain {
  /** SHA-256 of the secret that the browser carries along, base64url. */
  readonly id: string;
  /** The portal session that ends. */
  readonly session: string;
  /** Those that have not been told yet. */
  readonly left: readonly SamlSession[];
  /** Where it leads in the end: an address of ours or the provider's, or the application that asked. */
  readonly onward: string | SignOutAnswer;
  readonly expiresAt: number;
}

/** What the application waits for that asked for the sign-out. */
export interface SignOutAnswer {
  readonly application: string;
  readonly requestId: string;
  readonly relayState: string | null;
}

/** What sessions can be found by, beside their ids. */
export type SessionHandle =
  | { readonly username: string }
  | { readonly issuer: string; readonly subject: string }
  | { readonly issuer: string; readonly providerSession: string }
  /** Of application sessions; the others are of portal sessions. */
  | { readonly host: string };

export interface Sessions {
  create(session: Session): Promise<void>;
  /** Null when unknown, expired, unused for too long or revoked. An application session comes with its parent's user and times. */
  find(id: string): Promise<Session | null>;
  /** Notes that the portal session of this one is in use, unless that was done a moment ago, or the session is over. */
  noteUse(session: Pick<Session, 'parent' | 'idleMs'>): Promise<void>;
  /** Of callers that saw the same `refreshAt` one gets true, and the others see `until` instead. */
  claimRefresh(session: Pick<Session, 'id' | 'refreshAt'>, until: number): Promise<boolean>;
  /** Keeps the token that takes the place of the one before. A session that has ended stays so. */
  keepRefreshToken(id: string, refreshToken: string): Promise<void>;
  /** Keeps what the provider says of the user now, with all sessions that came from this one. A session that has ended stays so. */
  refresh(
    session: Session,
    user: User,
    refreshAt: number,
    access?: Required<Pick<Session, 'accessToken' | 'accessTokenUntil'>>,
  ): Promise<void>;
  /** Ends a portal session and every application session that came from it, or one application session alone. */
  revoke(id: string): Promise<void>;
  /** Those that are good. */
  withHandle(handle: SessionHandle): Promise<readonly Session[]>;
  /** The application sessions that came from a portal session and are good; one of this very moment may be missing. */
  openedFrom(parent: string): Promise<readonly Session[]>;
  /** Ends a portal session at this time, unless it ends earlier. */
  endBy(id: string, at: number): Promise<void>;
  /** Goes with its portal session when that is revoked. */
  createAtSaml(session: SamlSession): Promise<void>;
  /** Null when unknown, expired or revoked. */
  findAtSaml(id: string): Promise<SamlSession | null>;
  /** Those that came from a portal session; one of this very moment may be missing. */
  atSaml(parent: string): Promise<readonly SamlSession[]>;
  keepChain(chain: SignOutChain): Promise<void>;
  /** Takes the chain so that nobody can take it again; null when unknown, taken or expired. */
  takeChain(id: string): Promise<SignOutChain | null>;
  createCode(code: SignInCode): Promise<void>;
  /** Takes the code so that nobody can take it again; null when unknown, used or expired. */
  takeCode(id: string): Promise<SignInCode | null>;
  /** Notes that an assertion or a request was used, until nobody would believe it any more; false when it was used before. */
  takeAssertion(id: string, goodUntil: number): Promise<boolean>;
}
