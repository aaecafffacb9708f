// Where users sign in: `identityProviders` of the tenant file, one map for each. What they all have is told once; what a protocol
// needs is its own member of the union. Where there are several, each speaks for users of its own e-mail domains alone.
import { z } from 'zod';
import { readHost, readIssuer } from './addresses.ts';
import { RSA_MIN_BITS, readCertificates } from './certificates.ts';
import { isMap, type LocatedFault, pathText, shown, valueAt } from './faults.ts';
import {
  choice,
  IDENTIFIER_WORDS,
  metadataSetting,
  NOTHING_SAID,
  optional,
  readFlag,
  readIdentifier,
  readLine,
  readLines,
  setting,
} from './settings.ts';

const PROTOCOLS = ['openid', 'saml'] as const;

/** Values of the provider's claims that show it (RFC 8176; OpenID Connect Core §2). */
export interface SecondFactor {
  readonly amr: readonly string[];
  /** The first is asked for. */
  readonly acr: readonly string[];
}

/** What every provider has, whatever it speaks. */
export interface ProviderSettings {
  readonly id: string;
  readonly protocol: (typeof PROTOCOLS)[number];
  /** What users read where they choose; null for the id. */
  readonly name: string | null;
  /** The domains whose users it may speak for; empty where it is the only one: all. */
  readonly emailDomains: readonly string[];
  /** Its name for itself, which users of it carry; no two have the same. */
  readonly issuer: string;
  /** Which of the provider's claims say what; `further` ones are carried for applications' headers. */
  readonly claims: Readonly<Record<'username' | 'name' | 'email' | 'groups', string>> & { readonly further: readonly string[] };
  readonly secondFactor: SecondFactor;
}

export interface OpenIdSettings extends ProviderSettings {
  readonly protocol: 'openid';
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Where groups are looked for that the claims leave out. */
  readonly groupsFrom: 'claims' | 'graph';
  /** How we show that we are the client; `none`: PKCE alone binds an answer to who asked (a public client). */
  readonly clientAuthentication: 'secret' | 'none';
  /** Cognito has an address for it with parameters of its own. */
  readonly signOut: 'openid' | 'cognito';
}

export interface SamlSettings extends ProviderSettings {
  readonly protocol: 'saml';
  readonly signInUrl: string;
  /** Null where the provider offers no sign-out. */
  readonly signOutUrl: string | null;
  /** Where it takes our answers to its own sign-outs; null where that is the same address. */
  readonly signOutAnswerUrl: string | null;
  /** Whether it wants our requests signed. */
  readonly signRequests: boolean;
  /** Their public keys (SubjectPublicKeyInfo in Base64): all that is needed of them, and a third of their size. */
  readonly certificates: readonly string[];
}

export type IdentityProviderSettings = OpenIdSettings | SamlSettings;

/** Known of every user, under these names. */
export const CLAIMS_KNOWN = ['subject', 'issuer', 'username', 'name', 'email', 'groups'];
const SCOPES_DEFAULT = ['openid', 'profile', 'email'];
/** RFC 8176. */
const AMR_DEFAULT = ['mfa'];
/** A function's environment has 4 KB for everything (AWS Lambda quotas); this is what providers may take of it. */
const ENVIRONMENT_MAX_BYTES = 2048;

const readScopes = (value: unknown): readonly string[] | undefined => {
  const scopes = readLines(value);
  return scopes?.includes('openid') && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) ? scopes : undefined;
};

const readClaim = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value) ? value : undefined;

const readFurther = (value: unknown): readonly string[] | undefined => {
  const names = readLines(value);
  return names?.every((name) => readClaim(name) !== undefined && !CLAIMS_KNOWN.includes(name)) ? names : undefined;
};

const readDomains = (value: unknown): readonly string[] | undefined => {
  const domains = Array.isArray(value) && value.length > 0 ? value.map(readHost) : [undefined];
  return domains.every((domain) => domain !== undefined) ? [...new Set(domains)] : undefined;
};

const claim = (fallback: string) => optional<string>(fallback, 'the name of a claim', `Leave it out for ${fallback}.`, readClaim);

/** What users know every provider by. */
const naming = {
  id: setting(IDENTIFIER_WORDS, 'Write for example main: its redirect URI and its secret are called after it.', readIdentifier),
  name: optional<string | null>(null, 'a name of 100 characters at most', 'Leave it out for the id.', readLine(100)),
  emailDomains: optional<readonly string[]>(
    [],
    'a list of domain names',
    'Write for example [example.com], or leave it out where there is one provider.',
    readDomains,
  ),
};

/** What every provider tells of users; `defaults` names the claims as the protocol's providers usually do. */
const telling = (defaults: Readonly<Record<'username' | 'name' | 'email' | 'groups', string>>) => ({
  claims: z
    .strictObject(
      {
        username: claim(defaults.username),
        name: claim(defaults.name),
        email: claim(defaults.email),
        groups: claim(defaults.groups),
        further: optional<readonly string[]>(
          [],
          'a list of the provider’s claims',
          `Write for example [department]; ${CLAIMS_KNOWN.join(', ')} are always there.`,
          readFurther,
        ),
      },
      { error: 'a map of what is known of users to the provider’s claims' },
    )
    .prefault(NOTHING_SAID),
  secondFactor: z
    .strictObject(
      {
        amr: optional<readonly string[]>(
          AMR_DEFAULT,
          'a list of values of the claim amr',
          `Leave it out for ${AMR_DEFAULT.join(', ')}.`,
          readLines,
        ),
        acr: optional<readonly string[]>(
          [],
          'a list of values of the claim acr',
          'The provider’s documentation names them; the first is asked for where a condition requires mfa.',
          readLines,
        ),
      },
      { error: 'a map with amr and acr' },
    )
    .prefault(NOTHING_SAID),
});

const openId = z.strictObject({
  protocol: z.literal('openid').default('openid'),
  ...naming,
  issuer: setting(
    'an https URL without query or fragment',
    'Copy `issuer` from the provider’s /.well-known/openid-configuration.',
    readIssuer,
  ),
  clientId: setting('the client id', 'The identity provider shows it where Sallyport is registered.', readLine(256)),
  scopes: optional<readonly string[]>(
    SCOPES_DEFAULT,
    'a list of scopes with openid',
    `Leave it out for ${SCOPES_DEFAULT.join(', ')}.`,
    readScopes,
  ),
  groupsFrom: choice(['claims', 'graph'], 'graph asks Microsoft Graph where Entra ID leaves groups out; scopes need User.Read then.'),
  clientAuthentication: choice(['secret', 'none'], 'none is for a public client: the provider gave no secret, and demands PKCE.'),
  signOut: choice(['openid', 'cognito'], 'cognito is for a user pool of Amazon Cognito.'),
  ...telling({ username: 'preferred_username', name: 'name', email: 'email', groups: 'groups' }),
});

const readEntityId = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]{1,1024}$/.test(value) ? value : undefined;

const readEndpoint = (value: unknown): string | undefined =>
  typeof value === 'string' && !/[#@]/.test(value) && readIssuer(value.split('?')[0]) !== undefined ? value : undefined;

const saml = z.strictObject({
  protocol: z.literal('saml'),
  ...naming,
  metadata: metadataSetting,
  issuer: setting('the provider’s entity id', 'Copy `entityID` from the provider’s metadata.', readEntityId),
  signInUrl: setting(
    'an https URL',
    'Copy the Location of SingleSignOnService with the binding HTTP-Redirect from the provider’s metadata.',
    readEndpoint,
  ),
  signOutUrl: optional<string | null>(
    null,
    'an https URL',
    'Copy the Location of SingleLogoutService with the binding HTTP-Redirect from the provider’s metadata, or leave it out.',
    readEndpoint,
  ),
  signOutAnswerUrl: optional<string | null>(
    null,
    'an https URL',
    'Copy the ResponseLocation of SingleLogoutService from the provider’s metadata, or leave it out where it has none.',
    readEndpoint,
  ),
  signRequests: optional(false, 'true or false', 'true signs what we ask; give the provider our metadata, for the certificate.', readFlag),
  certificates: setting(
    `a list of certificates in PEM, each with an RSA key of ${RSA_MIN_BITS} bits at least`,
    'Copy those for signing from the provider’s metadata; while it changes its key, the old and the new one.',
    readCertificates,
  ),
  ...telling({ username: 'sub', name: 'name', email: 'email', groups: 'groups' }),
});

const NONE = 'a list with at least one identity provider, or nothing';

/** Left out, the stack makes a user pool. An empty list is none of both. */
export const identityProvidersSetting = z
  .array(
    z.discriminatedUnion('protocol', [openId, saml], {
      error: `a map with id, issuer and what its protocol needs; protocol is ${PROTOCOLS.map((word) => `"${word}"`).join(' or ')}`,
    }),
    { error: NONE },
  )
  .min(1, { error: NONE })
  .optional();

/** All that the providers tell of users beyond what is always known. Reads the file before it is known to be right. */
export const furtherClaims = (rawProviders: unknown): string[] => {
  const claims = listed(rawProviders).map((provider) => (isMap(provider) && isMap(provider.claims) ? provider.claims.further : undefined));
  return [...new Set(claims.flatMap((further) => readFurther(further) ?? []))];
};

/** What is wrong between the providers. Each user must be one provider's alone: else one could sign in as another's. */
export const providerFaults = (providers: readonly IdentityProviderSettings[], root: unknown): LocatedFault[] => {
  const fault = (at: readonly (string | number)[], expected: string, advice: string): LocatedFault => {
    const path = ['identityProviders', ...at];
    return { at: path, path: pathText(path), expected, got: shown(valueAt(root, path)), advice };
  };
  const before = (index: number) => providers.slice(0, index);
  const size = Buffer.byteLength(JSON.stringify(providers));
  return [
    ...providers.flatMap(({ id, issuer, emailDomains }, index) => [
      ...(before(index).some((other) => other.id === id)
        ? [fault([index, 'id'], 'another id than the providers before it', 'Choose one.')]
        : []),
      ...(before(index).some((other) => other.issuer === issuer)
        ? [fault([index, 'issuer'], 'another issuer than the providers before it', 'Who signed in is known by it: name each issuer once.')]
        : []),
      ...(providers.length > 1 && emailDomains.length === 0
        ? [
            fault(
              [index, 'emailDomains'],
              'the domains of its users, because there are several providers',
              'Write for example [example.com]: it can then sign in nobody of another domain.',
            ),
          ]
        : []),
      ...(before(index).some((other) => other.emailDomains.some((domain) => emailDomains.includes(domain)))
        ? [fault([index, 'emailDomains'], 'domains that no provider before it has', 'Each domain’s users sign in at one provider.')]
        : []),
    ]),
    ...(size > ENVIRONMENT_MAX_BYTES
      ? [fault([], `${ENVIRONMENT_MAX_BYTES} bytes of settings at most, as JSON`, `These are ${size}: name fewer providers or claims.`)]
      : []),
  ];
};

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
