// How the connector signs a user in to an application, as a request frame tells it.

/** What the connector needs to sign one user in to one application: what was made of their claims, and nothing more of them. */
export type SignOn = KerberosSignOn | NtlmSignOn | PasswordSignOn;

export interface NtlmSignOn {
  readonly method: 'ntlm';
  /** Names the user's session at the application, which has a connection of its own. */
  readonly connection: string;
}

export interface PasswordSignOn {
  readonly method: 'password';
  readonly application: string;
  /** A JWE of `SealedCredentials` (protocol/vault.ts), which only the connectors can open. */
  readonly sealed: string;
  /** Whose they must be; null where all users of the application share them. */
  readonly owner: string | null;
  /** Names the user's session at the application, whose cookies are kept apart. */
  readonly session: string;
  /** How its sign-in page is filled in; null: HTTP Basic. */
  readonly form: SignInForm | null;
}

/** Null: found out by what the page is like. */
export interface SignInForm {
  /** Path and query of the page, at the origin. */
  readonly page: string;
  /** Names of the form's fields. */
  readonly usernameField: string | null;
  readonly passwordField: string | null;
  /** Regular expressions that the page after the sign-in fits, or must not fit. */
  readonly success: string | null;
  readonly failure: string | null;
}

export interface KerberosSignOn {
  readonly method: 'kerberos';
  /** `HTTP/host`, with `@REALM` where it is not the connector's own. */
  readonly service: string;
  /** The user as the domain controllers know them. */
  readonly identity: string;
  readonly sendOn: 'request' | 'challenge';
  /** Whether the application's own proof must hold where it comes, or must come. */
  readonly proof: 'checked' | 'required';
}
