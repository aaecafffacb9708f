// The settings of applications that speak SAML: what the portal must know of a service provider, written out or read from its metadata.
import { z } from 'zod';
import type { NameIdFormat, SamlSignOn } from '../lambdas/stores/records.ts';
import { RSA_MIN_BITS, readCertificate, readCertificates } from './certificates.ts';
import { claimMap } from './claim-map.ts';
import { claimsIn, parseTemplate } from './claim-template.ts';
import { isMap } from './faults.ts';
import { readContent } from './identity-headers.ts';
import { choice, metadataSetting, NOTHING_SAID, optional, readFlag, setting } from './settings.ts';

const ATTRIBUTES_MAX = 50;
const URLS_MAX = 10;

/** What a user is called where the tenant file does not say. Null: by us, so that two applications cannot tell that it is one user. */
const VALUES: Readonly<Record<NameIdFormat, string | null>> = {
  persistent: null,
  emailAddress: '{email}',
  unspecified: '{username}',
  transient: null,
};

const readEntityId = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]{1,1024}$/.test(value) ? value : undefined;

/** As the user's browser gets there; no query or fragment, so that nobody reads it in two ways. */
const readUrl = (value: unknown): string | undefined =>
  typeof value === 'string' && /^https:\/\/[a-z0-9.-]+\/[\w.~/-]*$/.test(value) && URL.canParse(value) && new URL(value).href === value
    ? value
    : undefined;

const readUrls = (value: unknown): readonly string[] | undefined => {
  const urls = Array.isArray(value) && value.length > 0 && value.length <= URLS_MAX ? value.map(readUrl) : [undefined];
  return urls.every((url) => url !== undefined) ? [...new Set(urls)] : undefined;
};

const URL_WORDS = 'an https URL at an external URL of the application, without port, query or fragment';

const attributeMap = (claims: readonly string[]) =>
  claimMap(claims, {
    of: 'attributes',
    max: ATTRIBUTES_MAX,
    example: '{ mail: email }',
    isName: (name) => /^[\x21-\x7e]{1,256}$/.test(name),
    expected: 'an attribute’s name without blanks',
    advice: 'Copy it from the application’s documentation.',
  });

const nameId = (claims: readonly string[]) =>
  z
    .strictObject(
      {
        format: choice(['persistent', 'emailAddress', 'unspecified', 'transient'], 'The application’s documentation says which it wants.'),
        value: optional<string | null>(
          null,
          'a template with a claim that tells users apart',
          'Write for example "{username}" in quotes, or leave it out.',
          (value) => readIdentity(value, claims),
        ),
      },
      { error: 'a map with format and value' },
    )
    .superRefine(({ format, value }, context) => {
      if (format !== 'transient' || value === null) return;
      const params = { advice: 'A transient name is another one each time: leave value out, or choose another format.' };
      context.addIssue({ code: 'custom', path: ['value'], message: 'nothing beside transient', params });
    })
    .prefault(NOTHING_SAID);

const readIdentity = (value: unknown, claims: readonly string[]): string | undefined => {
  try {
    const template = readContent(value, claims);
    return claimsIn(parseTemplate(template)).some((claim) => claim !== 'groups' && claim !== 'issuer') ? template : undefined;
  } catch {
    return undefined;
  }
};

const CERTIFICATE_WORDS = `a certificate in PEM with an RSA key of ${RSA_MIN_BITS} bits at least`;

const encryption = z
  .strictObject(
    {
      certificate: setting(CERTIFICATE_WORDS, 'Copy the one for encryption from the application’s metadata.', readCertificate),
      algorithm: choice(
        ['aes256-gcm', 'aes128-gcm', 'aes256-cbc', 'aes128-cbc'],
        'Leave it out unless the application’s documentation names what it can read.',
      ),
    },
    { error: 'a map with certificate and algorithm' },
  )
  .optional();

export const samlSettings = (claims: readonly string[], beside: { readonly headers: z.ZodType<Readonly<Record<string, string>>> }) =>
  z
    .strictObject({
      method: z.literal('saml'),
      ...beside,
      metadata: metadataSetting,
      entityId: setting('the application’s entity id', 'Copy `entityID` from the application’s metadata.', readEntityId),
      acsUrls: setting(
        `a list of at most ${URLS_MAX}, each ${URL_WORDS}`,
        'Copy the Location of AssertionConsumerService with the binding HTTP-POST from the application’s metadata.',
        readUrls,
      ),
      sloUrl: optional<string | null>(
        null,
        URL_WORDS,
        'Copy the Location of SingleLogoutService with the binding HTTP-Redirect from the application’s metadata, or leave it out.',
        readUrl,
      ),
      nameId: nameId(claims),
      attributes: attributeMap(claims),
      certificates: optional<readonly string[]>(
        [],
        `a list, each ${CERTIFICATE_WORDS}`,
        'Copy those for signing from the application’s metadata; while it changes its key, the old and the new one.',
        readCertificates,
      ),
      requireSignedRequests: optional(false, 'true or false', 'true refuses sign-ins that the application did not sign.', readFlag),
      encryption,
      unsolicited: optional(false, 'true or false', 'true has the portal’s link sign in without having been asked.', readFlag),
    })
    .superRefine(({ certificates, requireSignedRequests, sloUrl }, context) => {
      if (certificates.length > 0 || (!requireSignedRequests && sloUrl === null)) return;
      const params = {
        advice: 'Whoever may end a session or must sign is known by a certificate: copy it from the application’s metadata.',
      };
      context.addIssue({ code: 'custom', path: ['certificates'], message: 'certificates beside requireSignedRequests or sloUrl', params });
    });

type Read = z.output<ReturnType<typeof samlSettings>>;

export const normaliseSaml = (read: Read): { readonly headers: Read['headers'] } & SamlSignOn => ({
  ...read,
  nameId: { ...read.nameId, value: read.nameId.value ?? VALUES[read.nameId.format] },
  encryption: read.encryption ?? null,
});

/** The settings that lead to none of the application's own external URLs: whatever goes there is told to somebody else. */
export const straySettings = (raw: unknown, own: readonly { readonly host: string; readonly path: string }[]): (string | number)[][] => {
  if (!isMap(raw) || raw.method !== 'saml') return [];
  const isStray = (value: unknown): boolean => {
    const url = readUrl(value);
    if (url === undefined) return false;
    const { hostname, pathname } = new URL(url);
    return !own.some(({ host, path }) => covers(host, hostname) && pathname.startsWith(path));
  };
  const acsUrls: readonly unknown[] = Array.isArray(raw.acsUrls) ? raw.acsUrls : [];
  return [...acsUrls.flatMap((url, index) => (isStray(url) ? [['acsUrls', index]] : [])), ...(isStray(raw.sloUrl) ? [['sloUrl']] : [])];
};

const covers = (host: string, hostname: string): boolean =>
  host === hostname || (host.startsWith('*.') && hostname.slice(hostname.indexOf('.')) === host.slice(1));
