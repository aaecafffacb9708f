// The directory: the applications that are published, as the tenant file has them, normalised.
import type { Condition } from '../../../policy/condition.ts';
import type { SingleSignOn } from './single-sign-on.ts';

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
  /** Whether pages of other origins that neither `cors` nor `calls` names may send what changes something, along with the user's session. */
  readonly crossOriginRequests: 'refuse' | 'allow';
  /** Forms of other sites that it waits for. */
  readonly formsFrom: readonly FormRule[];
  /** Whether bodies beyond what one request carries go up in parts. */
  readonly bigUploads: 'on' | 'off';
  /** What pages do whose own requests say that their user is signed out: offer to sign in, go there at once, or nothing. */
  readonly signInAgain: 'offer' | 'at-once' | 'off';
  /** Who answers `/robots.txt`: we, turning crawlers away, or the application. */
  readonly robots: 'deny' | 'application';
  /** What users read instead of the application; empty for a text of ours, null when there is no maintenance. */
  readonly maintenance: string | null;
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

export type Access = 'everyone' | { readonly users: readonly string[]; readonly groups: readonly string[] };

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
  /** Whether a token may come as the password of HTTP Basic; left out in records from before there was this. */
  readonly basic?: boolean;
}

/** `pages`: which of its pages get the script that carries WebSockets: all, none, or those that may run scripts. */
export interface WebSocketPolicy {
  readonly pages: 'auto' | 'on' | 'off';
  readonly maxAgeMs: number;
  readonly idleMs: number;
}

export interface Translation {
  /** Whether addresses in header fields and cookies are translated. */
  readonly headers: boolean;
  /** Whether addresses in HTML and CSS are translated, or only looked for and reported. */
  readonly links: 'off' | 'report' | 'on';
  /** Whether addresses in JSON and JavaScript are, too; or in these without data, which a page may send back. */
  readonly scripts: boolean | 'without-data';
}

/** What is made of the application's cookies; false and null leave a cookie as it is. */
export interface CookiePolicy {
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none' | null;
}

/** Pages of which other origins may send forms to exactly one path, below the application's own. */
export interface FormRule {
  readonly path: string;
  /** As browsers say them. */
  readonly origins: readonly string[];
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
