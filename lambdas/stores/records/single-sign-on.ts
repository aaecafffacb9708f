// How an application learns who its user is: a part of its entry in the directory. Templates are of tenants/claim-template.ts.
import type { SignInForm } from '../../../protocol/sign-on.ts';

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

/** Whose layout of claims it has. */
export type AssertionFormat = 'sallyport' | 'cloudflare' | 'pomerium' | 'google-iap';

/** The connector signs users in with names and passwords that only it can read. */
export interface PasswordSignOn {
  readonly method: 'password';
  readonly scheme: 'basic' | 'form';
  /** Whose they are: each user's own, or one for all. */
  readonly credentials: 'user' | 'shared';
  /** The public key of the connector group's vault (protocol/vault.ts). */
  readonly vaultKey: string;
  /** How the application's own page is filled in; null with `basic`. */
  readonly form: SignInForm | null;
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
