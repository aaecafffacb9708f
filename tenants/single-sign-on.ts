// How an application learns who the user is: `singleSignOn` of the tenant file, a method and the method's own settings.
import { z } from 'zod';
import type { Application, SingleSignOn } from '../lambdas/stores/records.ts';
import { assertionSettings, normaliseAssertion } from './assertion.ts';
import { claimsIn, parseTemplate } from './claim-template.ts';
import { identityHeaders } from './identity-headers.ts';
import { normalisePassword, passwordSettings } from './password.ts';
import { normaliseSaml, samlSettings } from './saml.ts';
import { choice, optional, setting } from './settings.ts';
import { tokenSettings } from './token-sign-on.ts';

const METHODS = ['none', 'linked', 'headers', 'kerberos', 'assertion', 'ntlm', 'password', 'token', 'saml'] as const;

const readLink = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 2048 && /^https:\/\/[\x21-\x7e]+$/.test(value) && URL.canParse(value) ? value : undefined;

/** A service's principal as Active Directory writes it; the realm in capitals, as Kerberos compares it. */
const readServicePrincipal = (value: unknown): string | undefined => {
  const match = typeof value === 'string' ? /^([a-z][a-z0-9-]*\/[a-z0-9._-]+(?::\d{1,5})?)(?:@([a-z0-9.-]+))?$/i.exec(value) : null;
  return match ? `${match[1]}${match[2] === undefined ? '' : `@${match[2].toUpperCase()}`}` : undefined;
};

/** A template that names one user. */
const identity = (claims: readonly string[]) =>
  z
    .unknown()
    .transform((value, context): string => {
      const refuse = (message: string) => {
        context.addIssue({
          code: 'custom',
          message,
          params: { advice: 'Write for example "{username}", or "{email|user-part}", in quotes.' },
        });
        return z.NEVER;
      };
      if (typeof value !== 'string') return refuse('a template of the user’s claims, in quotes');
      try {
        const named = claimsIn(parseTemplate(value, claims));
        // Without a claim of their own, users would all be one.
        return named.some((claim) => claim !== 'groups' && claim !== 'issuer')
          ? value
          : refuse('a template with a claim that tells users apart');
      } catch (error) {
        return refuse((error as Error).message);
      }
    })
    .default('{username}');

/** One member of the union for each method; `headers` are told beside any of them. */
const methods = (claims: readonly string[]) => {
  const headers = identityHeaders(claims);
  const beside = { headers: headers.default({}) };
  return [
    z.strictObject({ method: z.literal('none'), ...beside }),
    z.strictObject({
      method: z.literal('linked'),
      ...beside,
      url: setting('an https URL', 'The portal’s link leads there instead of to the external URL.', readLink),
    }),
    z.strictObject({ method: z.literal('headers'), headers }),
    z.strictObject({
      method: z.literal('kerberos'),
      ...beside,
      servicePrincipalName: optional<string | null>(
        null,
        'a service principal name',
        'Write for example HTTP/payroll.corp.example, or leave it out for HTTP/ and the host of the internal URL.',
        readServicePrincipal,
      ),
      identity: identity(claims),
      sendOn: choice(['request', 'challenge'], 'challenge asks the application first, and signs in when it answers 401.'),
      mutualAuthentication: choice(
        ['checked', 'required'],
        'checked refuses a wrong proof of the application; required refuses a missing one too.',
      ),
    }),
    assertionSettings(claims, beside),
    z.strictObject({ method: z.literal('ntlm'), ...beside }),
    passwordSettings(beside),
    tokenSettings(beside),
    samlSettings(claims, beside),
  ] as const;
};

export const singleSignOn = (claims: readonly string[]) =>
  z
    .discriminatedUnion('method', methods(claims), {
      error: `a map with method ${METHODS.map((word) => `"${word}"`).join(' or ')}`,
    })
    .default({ method: 'none', headers: {} });

/** As the directory holds it. */
export const normaliseSingleSignOn = (
  read: z.output<ReturnType<typeof singleSignOn>>,
  address: Pick<Application, 'host' | 'path' | 'internalUrl'>,
): SingleSignOn => {
  if (read.method === 'assertion') return normaliseAssertion(read, address);
  if (read.method === 'password') return normalisePassword(read);
  if (read.method === 'saml') return normaliseSaml(read);
  if (read.method !== 'kerberos') return read;
  return { ...read, servicePrincipalName: read.servicePrincipalName ?? `HTTP/${new URL(address.internalUrl).hostname}` };
};
