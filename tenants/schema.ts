// The tenant file: every setting, its default and its limits. Unknown settings are refused; all faults are reported at once.
import { z } from 'zod';
import type { Application } from '../lambdas/stores/records.ts';
import { isBelow, readHost, readIssuer } from './addresses.ts';
import { type ApplicationContext, applicationSchema, crossFaults, normalise } from './application.ts';
import { ConfigurationError, faultsOf, isMap, type LocatedFault, shown } from './faults.ts';
import { IDENTIFIER_WORDS, optional, readIdentifier, readLine, readLines, setting } from './settings.ts';

export interface Tenant {
  readonly tenant: string;
  readonly domain: string;
  readonly portalHost: string;
  /** Where the deployment goes; the credentials' own where left out. */
  readonly region?: string;
  readonly account?: string;
  readonly identityProvider: {
    readonly issuer: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    /** Our name of a claim → the identity provider's. */
    readonly claims: Readonly<Record<string, string>>;
  };
  readonly sessionLifetimeMinutes: number;
  readonly applications: readonly Application[];
}

const CLAIMS_DEFAULT = { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups' };
/** Of every user, besides what `identityProvider.claims` names. */
const CLAIMS_ALWAYS = ['subject', 'issuer'];
const SCOPES_DEFAULT = ['openid', 'profile', 'email'];
const LIFETIME_DEFAULT_MINUTES = 8 * 60;
const LIFETIME_MIN_MINUTES = 5;
const LIFETIME_MAX_MINUTES = 7 * 24 * 60;
const MINUTES = { m: 1, h: 60, d: 24 * 60 } as const;
/** What stands in an example when the domain itself is faulty. */
const DOMAIN_EXAMPLE = 'example.com';

const readMinutes = (value: unknown): number | undefined => {
  const [, count, unit] = typeof value === 'string' ? (/^(\d{1,5})([mhd])$/.exec(value) ?? []) : [];
  const minutes = Number(count) * MINUTES[unit as keyof typeof MINUTES];
  return minutes >= LIFETIME_MIN_MINUTES && minutes <= LIFETIME_MAX_MINUTES ? minutes : undefined;
};

const readScopes = (value: unknown): readonly string[] | undefined => {
  const scopes = readLines(value);
  return scopes?.includes('openid') && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) ? scopes : undefined;
};

const readClaims = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (!isMap(value)) return undefined;
  const named = Object.entries(value).every(
    ([name, claim]) => /^[a-z][A-Za-z0-9_]{0,63}$/.test(name) && !CLAIMS_ALWAYS.includes(name) && readLine(256)(claim) !== undefined,
  );
  return named ? { ...CLAIMS_DEFAULT, ...(value as Record<string, string>) } : undefined;
};

const readPattern = (pattern: RegExp) => (value: unknown) => (typeof value === 'string' && pattern.test(value) ? value : undefined);

/** The whole file. Exported so that a test compares docs/configuration.md with it. */
export const tenantSchema = (context: ApplicationContext) =>
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
      identityProvider: z.strictObject(
        {
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
          claims: optional<Readonly<Record<string, string>>>(
            CLAIMS_DEFAULT,
            'a map of our name to the provider’s claim',
            `Names begin with a lower-case letter; ${CLAIMS_ALWAYS.join(' and ')} are always there.`,
            readClaims,
          ),
        },
        { error: 'a map with issuer and clientId' },
      ),
      sessions: z
        .strictObject(
          {
            lifetime: optional(LIFETIME_DEFAULT_MINUTES, '5m to 7d, in m, h or d', 'Write for example 8h.', readMinutes),
          },
          { error: 'a map with lifetime' },
        )
        .prefault({ lifetime: undefined }),
      applications: z.array(applicationSchema(context), { error: 'a list of applications' }),
    },
    { error: 'a map of settings' },
  );

/** The tenant that parsed YAML or JSON describes. Throws ConfigurationError; `locate` adds line and column to a fault. */
export const parseTenant = (raw: unknown, source: string, locate: (fault: LocatedFault) => LocatedFault = (fault) => fault): Tenant => {
  const settings = isMap(raw) ? raw : {};
  const provider = isMap(settings.identityProvider) ? settings.identityProvider : {};
  const domain = readHost(settings.domain) ?? DOMAIN_EXAMPLE;
  const claims = readClaims(provider.claims) ?? CLAIMS_DEFAULT;

  const parsed = tenantSchema({ domain, claims: claimNames(claims) }).safeParse(raw);
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error, raw)),
    ...portalFaults(readHost(settings.portalHost), domain),
    ...crossFaults(settings.applications, domain, ['applications']),
  ];
  if (!parsed.success || faults.length > 0) throw configurationError(source, faults.map(locate));

  const { portalHost = `portal.${domain}`, sessions, applications, ...rest } = parsed.data;
  return { ...rest, portalHost, sessionLifetimeMinutes: sessions.lifetime, applications: applications.map(normalise) };
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
    ...crossFaults(isMap(raw) ? raw.applications : undefined, context.domain, ['applications']),
  ];
  if (!parsed.success || faults.length > 0) throw configurationError(source, faults);
  return parsed.data.applications.map(normalise);
};

/** The names by which headers may refer to what is known of a user. */
export const claimNames = (claims: Readonly<Record<string, string>>): string[] => [...CLAIMS_ALWAYS, ...Object.keys(claims)];

const configurationError = (source: string, faults: readonly LocatedFault[]): ConfigurationError =>
  new ConfigurationError(
    source,
    faults.map(({ at: _at, ...fault }) => fault).sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
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
