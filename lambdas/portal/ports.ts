// What the portal is given from outside (D12): stores, the identity provider, time and chance.

import type { Log } from '../../protocol/log.ts';
import type { SecondFactor } from '../../tenants/schema.ts';
import type { ClaimNames } from '../identity/claim-names.ts';
import type { LogoutTokens } from '../identity/logout-token.ts';
import type { Look } from '../pages/look.ts';
import type { Directory, Registry, Sessions } from '../stores/records.ts';

/** What the provider is asked with, and what must come back. */
export interface SignInChecks {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
  /** Seconds, where a recent sign-in was asked for: the provider must then say when it was. */
  readonly maxAge?: number;
}

export interface SignedIn {
  /** The ID token's claims, completed by userinfo where the ID token lacks some. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly idToken?: string;
}

/** The tenant's OpenID provider. Each throws ERR_IDENTITY_PROVIDER_UNREACHABLE when it cannot be reached. */
export interface IdentityProvider {
  /** Where the browser signs in; `further` are parameters of the authorization request. */
  signInUrl(checks: SignInChecks, further?: Readonly<Record<string, string>>): Promise<string>;
  /** Redeems what came back to `/callback`. Throws ERR_IDENTITY_REFUSED or ERR_SIGN_IN_INVALID when it does not hold. */
  redeem(callback: URLSearchParams, checks: SignInChecks): Promise<SignedIn>;
  /** Where the browser ends its session at the provider; null when the provider offers nothing of the kind. */
  signOutUrl(idToken: string | undefined): Promise<string | null>;
}

export interface PortalPorts {
  readonly look: Look;
  /** Origin of the portal; every external URL has its scheme and port. */
  readonly portalUrl: string;
  readonly sessions: Sessions;
  readonly directory: Pick<Directory, 'applicationsOn' | 'applications'>;
  readonly registry: Pick<Registry, 'tunnels'>;
  readonly provider: IdentityProvider;
  readonly logoutTokens: LogoutTokens;
  readonly claimNames: ClaimNames;
  readonly secondFactor: SecondFactor;
  readonly sessionLifetimeMs: number;
  /** How long a session may lie unused; undefined: until it expires. */
  readonly sessionIdleMs: number | undefined;
  /** What the keys of assertions are derived from. */
  readonly assertionSecret: () => Promise<string>;
  readonly stateKey: () => Promise<Uint8Array>;
  readonly now: () => number;
  /** 256 random bits, base64url. */
  readonly randomSecret: () => string;
  readonly log: Log;
}
