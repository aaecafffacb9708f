// The tenant file: every setting, its default and its limits. Unknown settings are refused; all faults are reported at once.
import { z } from 'zod';
import type { Application } from '../lambdas/stores/records.ts';
import { isBelow, readHost } from './addresses.ts';
import { type ApplicationContext, applicationSchema, expectationFaults, normalise } from './application.ts';
import { type AwsSettings, awsFaults, awsSettings } from './aws.ts';
import { crossFaults } from './cross-faults.ts';
import { countryFaults, type Edge, edgeSettings, readTimeoutIn } from './edge.ts';
import { ConfigurationError, faultsOf, isMap, type LocatedFault, shown } from './faults.ts';
import { groupFaults } from './group-faults.ts';
import {
  CLAIMS_KNOWN,
  furtherClaims,
  type IdentityProviderSettings,
  identityProvidersSetting,
  providerFaults,
} from './identity-providers.ts';
import { IDENTIFIER_WORDS, NOTHING_SAID, optional, readFlag, readIdentifier, readLine, readSeconds, setting } from './settings.ts';
import { userPoolFaults } from './user-pool.ts';

/** How our own pages look to the tenant's users. */
export interface Appearance {
  /** Of the organisation, as users know it; null for the tenant's own. */
  readonly name: string | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  /** https or mailto URL where users find help. */
  readonly support: string | null;
}

export interface Tenant {
  readonly tenant: string;
  readonly domain: string;
  readonly portalHost: string;
  /** Where the deployment goes; the credentials' own where left out. */
  readonly region?: string;
  readonly account?: string;
  /** Empty: the stack makes a user pool. */
  readonly identityProviders: readonly IdentityProviderSettings[];
  /** Names of the keys that sign for SAML applications: the first signs, all are published. */
  readonly samlKeys: readonly string[];
  readonly sessionLifetimeMinutes: number;
  /** How long a session may lie unused; null: until it expires. */
  readonly sessionIdleMinutes: number | null;
  /** How often the identity provider is asked anew who the user is; null: never. */
  readonly sessionRefreshMinutes: number | null;
  /** A CDN in front of the deployment. */
  readonly edge?: Edge;
  readonly aws: AwsSettings;
  readonly appearance: Appearance;
  readonly applications: readonly Application[];
}

/** As functions find it in their environment: users know the organisation by its name, or by that of the tenant. */
export const appearanceOf = ({ tenant, appearance }: Pick<Tenant, 'tenant' | 'appearance'>): string =>
  JSON.stringify({ ...appearance, name: appearance.name ?? tenant });

const LIFETIME_DEFAULT_MINUTES = 8 * 60;
const REFRESH_DEFAULT_MINUTES = 15;
const LIFETIME_MIN_MINUTES = 5;
const LIFETIME_MAX_MINUTES = 7 * 24 * 60;
/** What stands in an example when the domain itself is faulty. */
const DOMAIN_EXAMPLE = 'example.com';

const readLifetime = readSeconds(LIFETIME_MIN_MINUTES * 60, LIFETIME_MAX_MINUTES * 60);

/** Whole minutes. */
const readMinutes = (value: unknown): number | undefined => {
  const seconds = readLifetime(value);
  return seconds !== undefined && seconds % 60 === 0 ? seconds / 60 : undefined;
};

const readPattern = (pattern: RegExp) => (value: unknown) => (typeof value === 'string' && pattern.test(value) ? value : undefined);

const readSupport = (value: unknown): string | undefined =>
  typeof value === 'string' && /^(?:https:\/\/|mailto:)[\x21-\x7e]{1,500}$/.test(value) && URL.canParse(value) ? value : undefined;

const SAML_KEYS_DEFAULT = ['main'];
const SAML_KEYS_MAX = 3;

const readKeyNames = (value: unknown): readonly string[] | undefined => {
  const names = Array.isArray(value) && value.length > 0 && value.length <= SAML_KEYS_MAX ? value.map(readIdentifier) : [undefined];
  return names.every((name) => name !== undefined) && new Set(names).size === names.length ? names : undefined;
};

/** The whole file. Exported so that a test compares docs/configuration.md with it. */
export const tenantSchema = (context: Pick<ApplicationContext, 'domain' | 'claims' | 'readTimeout'>) =>
  z.strictObject(
    {
      tenant: setting(IDENTIFIER_WORDS, 'Name the organisation: the stack and its resources are called after it.', readIdentifier),
      domain: setting('a domain name', 'Write for example example.com: applications are published below apps.example.com.', readHost),
      portalHost: setting('a host name', 'Leave it out for portal.<domain>.', readHost).optional(),
      region: setting(
        'an AWS region',
        'Write for example eu-central-1, or leave it out.',
        readPattern(/^[a-z]{2}(-[a-z]+)+-\d$/),
      ).optional(),
      account: setting(
        'an AWS account of 12 digits, in quotes',
        'Write for example "123456789012", or leave it out.',
        readPattern(/^\d{12}$/),
      ).optional(),
      identityProviders: identityProvidersSetting,
      samlKeys: optional<readonly string[]>(
        SAML_KEYS_DEFAULT,
        'a list of one to three names',
        'The first signs, all are published: add a name, deploy, give its certificate to the applications, put it first, deploy.',
        readKeyNames,
      ),
      sessions: z
        .strictObject(
          {
            lifetime: optional(LIFETIME_DEFAULT_MINUTES, '5m to 7d, in m, h or d', 'Write for example 8h.', readMinutes),
            idle: optional<number | null>(null, '5m to 7d, in m, h or d', 'Write for example 30m, or leave it out.', readMinutes),
            refresh: optional(false, 'true or false', 'Write true where the provider gives refresh tokens.', readFlag),
            refreshEvery: optional(REFRESH_DEFAULT_MINUTES, '5m to 7d, in m, h or d', 'Write for example 15m.', readMinutes),
          },
          { error: 'a map with lifetime, idle, refresh and refreshEvery' },
        )
        .superRefine(({ lifetime, idle }, context) => {
          if (idle === null || idle <= lifetime) return;
          const advice = 'A session ends at its lifetime in any case: shorten idle, or leave it out.';
          context.addIssue({ code: 'custom', path: ['idle'], message: 'no more than sessions.lifetime', params: { advice } });
        })
        .prefault(NOTHING_SAID),
      edge: edgeSettings.optional(),
      aws: awsSettings,
      appearance: z
        .strictObject(
          {
            name: optional<string | null>(null, 'a name of 100 characters at most', 'Leave it out for the tenant’s.', readLine(100)),
            color: optional<string | null>(
              null,
              'a colour as "#rrggbb", in quotes',
              'Write for example "#0b57d0"; text on it stays readable.',
              readPattern(/^#[0-9a-f]{6}$/i),
            ),
            support: optional<string | null>(
              null,
              'an https or mailto URL',
              'Write for example mailto:help@example.com: pages that report a failure link to it.',
              readSupport,
            ),
          },
          { error: 'a map with name, color and support' },
        )
        .prefault(NOTHING_SAID),
      applications: z.array(applicationSchema(context), { error: 'a list of applications' }),
    },
    { error: 'a map of settings' },
  );

const portalOf = (domain: string): string => `portal.${domain}`;

/** The tenant that parsed YAML or JSON describes. Throws ConfigurationError; `locate` adds line and column to a fault. */
export const parseTenant = (raw: unknown, source: string, locate: (fault: LocatedFault) => LocatedFault = (fault) => fault): Tenant => {
  const settings = isMap(raw) ? raw : {};
  const domain = readHost(settings.domain) ?? DOMAIN_EXAMPLE;
  const portal = readHost(settings.portalHost);

  const claims = [...CLAIMS_KNOWN, ...furtherClaims(settings.identityProviders)];
  const parsed = tenantSchema({ domain, claims, readTimeout: readTimeoutIn(settings.edge) }).safeParse(raw);
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error, raw)),
    ...portalFaults(portal, domain),
    ...(settings.identityProviders === undefined ? userPoolFaults(settings.tenant) : []),
    ...(parsed.success ? providerFaults(parsed.data.identityProviders ?? [], raw) : []),
    ...groupFaults(settings.identityProviders, settings.applications),
    ...(parsed.success ? awsFaults(parsed.data) : []),
    ...(parsed.success ? tokenFaults(parsed.data) : []),
    ...(parsed.success ? countryFaults(parsed.data.applications, parsed.data.edge) : []),
    ...(parsed.success ? expectationFaults(parsed.data.applications, ['applications']) : []),
    ...crossFaults(settings.applications, { domain, portalHost: portal ?? portalOf(domain) }, ['applications']),
  ];
  if (!parsed.success || faults.length > 0) throw configurationError(source, faults.map(locate));

  const { portalHost = portalOf(domain), identityProviders = [], sessions, applications, ...rest } = parsed.data;
  return {
    ...rest,
    portalHost,
    identityProviders,
    sessionLifetimeMinutes: sessions.lifetime,
    sessionIdleMinutes: sessions.idle,
    sessionRefreshMinutes: sessions.refresh ? sessions.refreshEvery : null,
    applications: applications.map(normalise),
  };
};

/** Applications alone, in the tenant file's form, against what the deployment has. Throws ConfigurationError. */
export const parseApplications = (raw: unknown, source: string, context: ApplicationContext): Application[] => {
  const schema = z.strictObject(
    { applications: z.array(applicationSchema(context), { error: 'a list of applications' }) },
    { error: 'a map with applications' },
  );
  const parsed = schema.safeParse(raw);
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error, raw)),
    ...(parsed.success ? expectationFaults(parsed.data.applications, ['applications']) : []),
    ...crossFaults(isMap(raw) ? raw.applications : undefined, context, ['applications']),
  ];
  if (!parsed.success || faults.length > 0) throw configurationError(source, faults);
  return parsed.data.applications.map(normalise);
};

/** The names by which headers may refer to what is known of a user. */
export const claimNames = ({ identityProviders }: Pick<Tenant, 'identityProviders'>): string[] => [
  ...CLAIMS_KNOWN,
  ...new Set(identityProviders.flatMap(({ claims }) => claims.further)),
];

/** Users’ tokens come of their refresh tokens, so those must be asked for and kept. */
type ParsedTenant = z.output<ReturnType<typeof tenantSchema>>;

const tokenFaults = ({ applications, sessions, identityProviders = [] }: ParsedTenant): LocatedFault[] => {
  const index = applications.findIndex(({ singleSignOn }) => singleSignOn.method === 'token');
  if (index < 0) return [];
  const path = `applications[${index}].singleSignOn.method`;
  const at = ['applications', index, 'singleSignOn', 'method'];
  const missing = (expected: string, advice: string): LocatedFault => ({ at, path, expected, got: '"token"', advice });
  return [
    ...(sessions.refresh
      ? []
      : [missing('a method that needs no refresh tokens', 'Set sessions.refresh to true: tokens are made with what it keeps.')]),
    ...(identityProviders.some(({ protocol }) => protocol === 'openid')
      ? []
      : [missing('a method that needs no OpenID provider', 'A SAML provider gives no tokens: choose another method, such as assertion.')]),
  ];
};

const configurationError = (source: string, faults: readonly LocatedFault[]): ConfigurationError =>
  new ConfigurationError(
    source,
    faults.map(({ at: _at, ofName: _ofName, ...fault }) => fault).sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
  );

/** One certificate and one hosted zone serve both; below apps.<domain> the portal would be taken for an application. */
const portalFaults = (portalHost: string | undefined, domain: string): LocatedFault[] => {
  const isFit =
    portalHost === undefined || portalHost === domain || (isBelow(portalHost, domain) && !isBelow(portalHost, `apps.${domain}`));
  if (isFit) return [];
  const advice = `Leave it out for portal.${domain}.`;
  return [
    {
      at: ['portalHost'],
      path: 'portalHost',
      expected: `a host of ${domain} that is not below apps.${domain}`,
      got: shown(portalHost),
      advice,
    },
  ];
};
