// The settings of the signed assertion.
import { z } from 'zod';
import type { Application, AssertionSignOn } from '../lambdas/stores/records.ts';
import { foldName } from '../protocol/headers.ts';
import { ASSERTION_FORMATS, audienceOf } from './assertion-formats.ts';
import { claimMap } from './claim-map.ts';
import { mayTellIdentity } from './identity-headers.ts';
import { choice, optional } from './settings.ts';

/** What an assertion says by itself: nobody may say otherwise. */
const OURS = ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'jti', 'type', 'custom', 'hd'];
const CLAIMS_MAX = 20;

const readHeader = (value: unknown): string | undefined =>
  typeof value === 'string' && (mayTellIdentity(value) || value === ASSERTION_FORMATS.sallyport.header) ? value : undefined;

const readAudience = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value) ? value : undefined;

const furtherClaims = (claims: readonly string[]) =>
  claimMap(claims, {
    of: 'names',
    max: CLAIMS_MAX,
    example: '{ department: department }',
    isName: (name) => /^[\w:./-]{1,128}$/.test(name) && !OURS.includes(name),
    expected: 'the name of a further claim',
    advice: `${OURS.join(', ')} are said by Sallyport itself: choose another name.`,
  });

export const assertionSettings = (claims: readonly string[], beside: { readonly headers: z.ZodType<Readonly<Record<string, string>>> }) =>
  z
    .strictObject({
      method: z.literal('assertion'),
      ...beside,
      format: choice(['sallyport', 'cloudflare', 'pomerium', 'google-iap'], 'The others are for verifiers that were written for them.'),
      header: optional<string | null>(
        null,
        'a header of the application’s own',
        'Leave it out for the one that the format has.',
        readHeader,
      ),
      audience: optional<string | null>(
        null,
        'a line of 512 printable characters at most, without blanks',
        'Leave it out for the external URL; it must be what the application expects as aud, and no other application’s.',
        readAudience,
      ),
      claims: furtherClaims(claims),
    })
    .superRefine(({ header, format, headers }, context) => {
      const own = foldName(header ?? ASSERTION_FORMATS[format].header);
      const twice = Object.keys(headers).find((name) => foldName(name) === own);
      if (twice === undefined) return;
      const params = { advice: 'The assertion is in this field: choose another name for one of the two.' };
      context.addIssue({ code: 'custom', path: ['headers', twice], message: 'another header than the assertion’s', params });
    });

type Settings = Omit<AssertionSignOn, 'header' | 'audience'> & { readonly header: string | null; readonly audience: string | null };

export const normaliseAssertion = <Read extends Settings>(read: Read, address: Pick<Application, 'host' | 'path'>) => ({
  ...read,
  header: read.header ?? ASSERTION_FORMATS[read.format].header,
  audience: read.audience ?? audienceOf(read.format, address),
});
