// What the portal is given from outside (D12): stores, identity providers, time and chance.

import type { StepUp } from '../../policy/decide.ts';
import type { Log } from '../../protocol/log.ts';
import type { Edge } from '../../tenants/edge.ts';
import type { SamlSettings } from '../../tenants/identity-providers.ts';
import type { LogoutTokens } from '../identity/logout-token.ts';
import type { ProviderProfile } from '../identity/provider-profile.ts';
import type { SourceLimits } from '../limits/source-limits.ts';
import type { Look } from '../pages/look.ts';
import type { CredentialStore, Directory, Registry, Sessions, TokenSignOn, User } from '../stores/records.ts';

/** What a sign-in asks of the provider beyond who the user is. */
export interface SignInWishes {
  readonly stepUp: StepUp | null;
  /** What the user goes by at the provider, and the domain that they belong to; null where nobody said. */
  readonly loginHint: string | null;
  readonly domainHint: string | null;
}

/** What the provider is asked with, and what must come back. */
export interface SignInChecks {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
  /** Seconds, where a recent sign-in was asked for: the provider must then say when it was. */
  readonly maxAge?: number;
}

export type Claims = Readonly<Record<string, unknown>>;

export interface SignedIn {
  /**
   * What the provider vouches for, under the names that its profile knows; always `iss`, as the profile has it, and `sub`. Where it tells:
   * `amr`, `acr`, `auth_time` (seconds), `sid` (its own session).
   */
  readonly claims: Claims;
  /** What the provider wants to see again when the user signs out: the ID token, or as JSON the name that a SAML provider knows the user by. */
  readonly idToken?: string;
  readonly refreshToken?: string;
}

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly goodUntil: number;
}

export interface Refreshed {
  /** Null when nothing new is known. */
  readonly claims: Claims | null;
  readonly access: AccessToken;
}

/** Whose token it is that is exchanged. */
export interface Subject {
  readonly token: string;
  /** What the provider calls the user. */
  readonly subject: string;
}

export type Wanted = Pick<TokenSignOn, 'audience' | 'scopes'> & { readonly grant: Exclude<TokenSignOn['grant'], 'own'> };

/** One of the tenant's identity providers, whatever it speaks. Each throws ERR_IDENTITY_PROVIDER_UNREACHABLE when it cannot be reached. */
export interface IdentityProvider {
  readonly profile: ProviderProfile;
  /** Where and how a SAML provider signs out, and whether it wants our requests signed. Absent with other protocols. */
  readonly saml?: Pick<SamlSettings, 'certificates' | 'signOutUrl' | 'signOutAnswerUrl' | 'signRequests'>;
  /** Where the browser signs in. */
  signInUrl(checks: SignInChecks, wishes: SignInWishes): Promise<string>;
  /**
   * Redeems what came back to `/callback/<id>`, in its query or its form. Throws ERR_IDENTITY_REFUSED or ERR_SIGN_IN_INVALID when it does
   * not hold. Whom the provider may speak for is checked by the caller.
   */
  redeem(returned: URLSearchParams, checks: SignInChecks): Promise<SignedIn>;
  /**
   * Who the user is now, and an access token of theirs. `keep` gets the token that takes the place of this one. Throws
   * ERR_IDENTITY_REFUSED when the session must end. Absent where the protocol has no such thing.
   */
  readonly refresh?: (
    refreshToken: string,
    user: Pick<User, 'issuer' | 'subject'>,
    keep: (refreshToken: string) => Promise<void>,
  ) => Promise<Refreshed>;
  /**
   * An access token for an application in exchange for one that the user has. Throws ERR_ACCESS_TOKEN_REFUSED. Absent where the protocol
   * has no such thing.
   */
  readonly exchange?: (subject: Subject, wanted: Wanted) => Promise<AccessToken>;
  /** Where the browser ends its session at the provider; null when the provider offers nothing of the kind. */
  signOutUrl(idToken: string | undefined): Promise<string | null>;
}

export interface PortalPorts {
  /** The CDN in front of the portal; null where there is none. */
  readonly edge: Edge | null;
  readonly look: Look;
  /** Origin of the portal; every external URL has its scheme and port. */
  readonly portalUrl: string;
  readonly sessions: Sessions;
  readonly directory: Pick<Directory, 'applicationsOn' | 'applications'>;
  readonly registry: Pick<Registry, 'tunnels'>;
  readonly credentials: Pick<CredentialStore, 'find' | 'put' | 'remove'>;
  readonly limits: SourceLimits;
  /** At least one. */
  readonly providers: readonly IdentityProvider[];
  readonly logoutTokens: LogoutTokens;
  readonly sessionLifetimeMs: number;
  /** How long a session may lie unused; undefined: until it expires. */
  readonly sessionIdleMs: number | undefined;
  /** What the keys of assertions are derived from. */
  readonly assertionSecret: () => Promise<string>;
  /** The keys that sign what we say in SAML (saml-idp/signing.ts). */
  readonly samlSecret: () => Promise<string>;
  /** How often the provider is asked anew; undefined: never. */
  readonly sessionRefreshMs: number | undefined;
  readonly refreshTokenKey: () => Promise<Uint8Array>;
  readonly stateKey: () => Promise<Uint8Array>;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** 256 random bits, base64url. */
  readonly randomSecret: () => string;
  readonly log: Log;
}
