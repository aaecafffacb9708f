// What the tables hold, as the functions see it. The stores beside this file turn it into DynamoDB items and back.
import type { Condition } from '../../policy/condition.ts';

/** A published application: the tenant file's entry, normalised. */
export interface Application {
  /** Unique in the tenant: lower-case letters, digits, hyphens. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** What the portal shows beside it: letters, an emoji, or a picture as a `data:` URL; null for the name's first letters. */
  readonly icon: string | null;
  /** In whose portal it is: of those who may use it, of everyone (marked where it cannot be used), of nobody. */
  readonly visibleTo: 'assigned' | 'everyone' | 'nobody';
  /** External host, lower case, without port; `*.` in front for a wildcard. */
  readonly host: string;
  /** External path prefix: begins and ends with `/`. */
  readonly path: string;
  /** Absolute http(s) URL that ends with `/`. */
  readonly internalUrl: string;
  readonly connectorGroup: string;
  readonly preAuthentication: 'sign-in' | 'pass-through';
  readonly access: Access;
  /** What must be the case besides. */
  readonly conditions: readonly Condition[];
  /** Which tokens do instead of a session; null for none. */
  readonly tokens: TokenPolicy | null;
  /** Which name the origin sees in `Host`. */
  readonly hostHeader: 'internal' | 'external';
  readonly singleSignOn: SingleSignOn;
  /** Further addresses of the same application, under the same rules. */
  readonly segments: readonly Address[];
  /** A second host for the application's own address; null for none. */
  readonly alternateHost: string | null;
  /** How long the origin may take to its first byte. */
  readonly timeoutMs: number;
  /** How long it may be silent after that. */
  readonly idleTimeoutMs: number;
  readonly webSockets: WebSocketPolicy;
  readonly verifyCertificate: boolean;
  /** Where the portal's link leads, below `path`. */
  readonly homePath: string;
  readonly translation: Translation;
  readonly cookies: CookiePolicy;
  readonly cors: readonly CorsRule[];
  /** Ids of the applications that pages of this one call by script: users are signed in to them too, and preflights are answered. */
  readonly calls: readonly string[];
  /** Other sites whose pages may frame it, as CSP's frame-ancestors has them. */
  readonly framedBy: readonly string[];
  /** Whether bodies beyond what one request carries go up in parts. */
  readonly bigUploads: 'on' | 'off';
  /** Who answers `/robots.txt`: we, turning crawlers away, or the application. */
  readonly robots: 'deny' | 'application';
  /** What users read instead of the application; empty for a text of ours, null when there is no maintenance. */
  readonly maintenance: string | null;
}

/** How the application learns who the user is. Templates are of tenants/claim-template.ts. */
export type SingleSignOn = {
  /** Header name → template of the user's claims; told beside any method. */
  readonly headers: Readonly<Record<string, string>>;
} & (
  | { readonly method: 'none' | 'headers' | 'ntlm' }
  | LinkedSignOn
  | KerberosSignOn
  | AssertionSignOn
  | PasswordSignOn
  | TokenSignOn
  | SamlSignOn
);

/** The portal's link leads elsewhere. */
export interface LinkedSignOn {
  readonly method: 'linked';
  readonly url: string;
}

/** The connector signs users in as themselves with a Kerberos ticket. */
export interface KerberosSignOn {
  readonly method: 'kerberos';
  /** `HTTP/host`, with `@REALM` where it is not the connector's own. */
  readonly servicePrincipalName: string;
  /** Template of the user's name as the domain controllers know it. */
  readonly identity: string;
  /** With the first request, or once the application has asked for it. */
  readonly sendOn: 'request' | 'challenge';
  /** Whether an answer without the application's own proof is refused, too. */
  readonly mutualAuthentication: 'checked' | 'required';
}

/** The router tells who the user is in a JWT that it signs. */
export interface AssertionSignOn {
  readonly method: 'assertion';
  readonly format: AssertionFormat;
  /** The header field that carries it. */
  readonly header: string;
  /** Whom it is for: its `aud`, no other application's. */
  readonly audience: string;
  /** Claim of the assertion → template of the user's claims. */
  readonly claims: Readonly<Record<string, string>>;
}

/** The connector signs users in with names and passwords that only it can read. */
export interface PasswordSignOn {
  readonly method: 'password';
  readonly scheme: 'basic' | 'form';
  /** Whose they are: each user's own, or one for all. */
  readonly credentials: 'user' | 'shared';
  /** The public key of the connector group's vault (protocol/vault.ts). */
  readonly vaultKey: string;
  /** Null with `basic`. */
  readonly form: SignInForm | null;
}

/** The application's own page; null: what it is like says it. */
export interface SignInForm {
  /** Path and query, at the origin. */
  readonly page: string;
  readonly usernameField: string | null;
  readonly passwordField: string | null;
  /** Regular expressions that the page after the sign-in fits, or must not fit. */
  readonly success: string | null;
  readonly failure: string | null;
}

/** Credentials as they are stored: sealed for the connectors, and opened by nobody else. */
export interface StoredCredentials {
  readonly sealed: string;
  /** Of the user's account at the provider (`ownerOf`); null where all users share them. */
  readonly owner: string | null;
  /** The user's name, or that of the administrator who set them. */
  readonly setBy: string;
  readonly setAt: number;
  /** When the application refused them; null: it has not. */
  readonly refusedAt: number | null;
}

export interface CredentialStore {
  /** Null where none are stored. */
  find(application: string, owner: string | null): Promise<StoredCredentials | null>;
  put(application: string, credentials: StoredCredentials): Promise<void>;
  /** That the application has refused these; not if others have taken their place. */
  noteRefusal(application: string, credentials: StoredCredentials): Promise<void>;
  /** False where there were none. */
  remove(application: string, owner: string | null): Promise<boolean>;
}

/** The application gets an access token of the user's identity provider. */
export interface TokenSignOn {
  readonly method: 'token';
  /** The user's own, or one that the provider gives for it: by RFC 8693, or as Entra ID does. */
  readonly grant: 'own' | 'exchange' | 'on-behalf-of';
  /** Whom the given token must be for: no other application's. Null for the user's own. */
  readonly audience: string | null;
  readonly scopes: readonly string[];
  /** The header field that carries it. */
  readonly header: string;
}

/** The application is a SAML 2.0 service provider, and the portal its identity provider. */
export interface SamlSignOn {
  readonly method: 'saml';
  readonly entityId: string;
  /** Where answers may go, `https://<external host>/…`; the first unless it asks for another one of them. */
  readonly acsUrls: readonly string[];
  /** Where sign-outs are told of; null: nowhere. */
  readonly sloUrl: string | null;
  readonly nameId: {
    readonly format: NameIdFormat;
    /** Template of the user's claims; null where we make the name. */
    readonly value: string | null;
  };
  /** Attribute → template of the user's claims. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Public keys (SubjectPublicKeyInfo in Base64) that its messages are signed with. */
  readonly certificates: readonly string[];
  readonly requireSignedRequests: boolean;
  readonly encryption: SamlEncryption | null;
  /** Whether the portal's link signs in without having been asked. */
  readonly unsolicited: boolean;
}

export type NameIdFormat = 'persistent' | 'emailAddress' | 'unspecified' | 'transient';

/** Assertions are encrypted for the certificate (PEM). */
export interface SamlEncryption {
  readonly certificate: string;
  readonly algorithm: 'aes256-gcm' | 'aes128-gcm' | 'aes256-cbc' | 'aes128-cbc';
}

/** Whose layout of claims it has. */
export type AssertionFormat = 'sallyport' | 'cloudflare' | 'pomerium' | 'google-iap';

/** Programs bring a token with each request. */
export interface TokenPolicy {
  /** The identity provider's tokens for it are taken; null for none of them. */
  readonly audience: string | null;
  /** All of them must be in the token. */
  readonly scopes: readonly string[];
  /** The header field that carries it; it does not reach the application. */
  readonly header: string;
  /** Whether service tokens of ours are taken. */
  readonly services: boolean;
}

/** An external host and path, and the internal URL that they stand for. */
export type Address = Pick<Application, 'host' | 'path' | 'internalUrl'>;

/** An address, and whose it is. */
export interface Published extends Address {
  readonly application: string;
}

/** An application as it is on one of its hosts: `host`, `path` and `internalUrl` are those of its address there. */
export interface ApplicationHere extends Application {
  /** Hosts whose pages may call it by script: its own others, and those of the applications that name it in `calls`. */
  readonly callers: readonly string[];
}

export interface Translation {
  /** Whether addresses in header fields and cookies are translated. */
  readonly headers: boolean;
  /** Whether addresses in HTML and CSS are translated, or only looked for and reported. */
  readonly links: 'off' | 'report' | 'on';
  /** Whether addresses in JSON and JavaScript are, too. */
  readonly scripts: boolean;
}

/** What is made of the application's cookies; false and null leave a cookie as it is. */
/** `pages`: which of its pages get the script that carries WebSockets: all, none, or those that name them. */
export interface WebSocketPolicy {
  readonly pages: 'auto' | 'on' | 'off';
  readonly maxAgeMs: number;
  readonly idleMs: number;
}

export interface CookiePolicy {
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none' | null;
}

/** Scripts of which other origins may call the application: preflights below `path` are answered by it (Fetch standard, CORS protocol). */
export interface CorsRule {
  /** Below the application's own path; begins with `/`. */
  readonly path: string;
  /** Exact origins. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Lower case; a final `*` stands for any end. */
  readonly headers: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number;
}

export type Access = 'everyone' | { readonly users: readonly string[]; readonly groups: readonly string[] };

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

/** A program's own token. */
export interface ServiceToken {
  /** SHA-256 of its secret, base64url. */
  readonly id: string;
  readonly name: string;
  /** Ids of the applications that it is for. */
  readonly applications: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who made it: an AWS ARN. */
  readonly createdBy: string;
}

export interface Connector {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  /** Public keys: `signingKey` (ES256) proves who it is, `sealingKey` (ECDH-ES) is what the service seals to. */
  readonly signingKey: JsonWebKey;
  readonly sealingKey: JsonWebKey;
  readonly enrolledAt: number;
  readonly version: string;
  readonly seenAt: number;
}

/** A public key as JSON (RFC 7517). */
export type JsonWebKey = { readonly kty: string; readonly [member: string]: unknown };

export interface EnrolmentCode {
  /** SHA-256 of the code's secret, base64url. */
  readonly id: string;
  readonly group: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What a connector dials with, once. */
export interface Dial {
  readonly connector: string;
  /** The token's own id (`jti`). */
  readonly id: string;
  /** When the token is refused for its age. */
  readonly expiresAt: number;
}

/** One WebSocket of a connector to the Tunnel API. */
export interface Tunnel {
  readonly connectionId: string;
  readonly connector: string;
  readonly group: string;
  readonly openedAt: number;
  readonly seenAt: number;
  /** Two hours after `openedAt`: API Gateway has closed it by then. */
  readonly expiresAt: number;
  readonly draining: boolean;
}

// ── the ports; each file beside this one implements one for DynamoDB ──────────────────────────────────────

export interface Directory {
  /** Every application on exactly this host (a wildcard is asked for by its own name, `*.example.com`). */
  applicationsOn(host: string): Promise<readonly ApplicationHere[]>;
  /**
   * What is published of an internal authority (tenants/authority.ts); a wildcard is asked for by its own name. Only what has one
   * external address for each internal one.
   */
  publishedAt(authority: string): Promise<readonly Published[]>;
  /** Each application once, at its own address. */
  applications(): Promise<readonly Application[]>;
  /** Makes the directory hold exactly these: writes what changed, removes what went. Answers the ids of each. */
  replace(applications: readonly Application[]): Promise<{ written: string[]; removed: string[] }>;
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

export interface ServiceTokens {
  create(token: ServiceToken): Promise<void>;
  /** Those that have not expired. */
  all(): Promise<readonly ServiceToken[]>;
  /** Null when unknown, expired or revoked. */
  find(id: string): Promise<ServiceToken | null>;
  /** Every token of this name. Throws ERR_CONTROL_UNKNOWN when there is none. */
  revoke(name: string): Promise<void>;
}

export interface Registry {
  createEnrolmentCode(code: EnrolmentCode): Promise<void>;
  /** Takes the code so that nobody can take it again; null when unknown, used or expired. */
  takeEnrolmentCode(id: string): Promise<EnrolmentCode | null>;
  addConnector(connector: Connector): Promise<void>;
  findConnector(id: string): Promise<Connector | null>;
  connectors(): Promise<readonly Connector[]>;
  /** Answers the connection ids of its tunnels, which are gone from the registry and may still be open. */
  removeConnector(connector: Pick<Connector, 'id' | 'group'>): Promise<readonly string[]>;
  /** False when this dial was taken before: a token is good for one tunnel. */
  takeDial(dial: Dial): Promise<boolean>;
  /** Adds the tunnel, or refreshes `seenAt`; also notes the connector's `seenAt` and `version`. */
  saveTunnel(tunnel: Tunnel, version: string): Promise<void>;
  drainTunnel(tunnel: Pick<Tunnel, 'group' | 'connector' | 'connectionId'>): Promise<void>;
  removeTunnel(tunnel: Pick<Tunnel, 'group' | 'connector' | 'connectionId'>): Promise<void>;
  /** Tunnels of the group that have not expired, draining ones included. */
  tunnels(group: string): Promise<readonly Tunnel[]>;
}
