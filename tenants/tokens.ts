// Which tokens programs may bring instead of a session: `tokens` of the tenant file.
import { z } from 'zod';
import type { TokenPolicy } from '../lambdas/stores/records.ts';
import { mayTellIdentity } from './identity-headers.ts';
import { optional, readFlag } from './settings.ts';

const HEADER_DEFAULT = 'Authorization';

/** HTTP's own, or one that is nobody else's. */
const readHeader = (value: unknown): string | undefined =>
  typeof value === 'string' && (value.toLowerCase() === HEADER_DEFAULT.toLowerCase() || mayTellIdentity(value)) ? value : undefined;

/** RFC 6749 §3.3. */
const readScopes = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) &&
  value.length <= 20 &&
  value.every((scope) => typeof scope === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
    ? [...new Set(value)]
    : undefined;

export const tokenPolicy = z
  .strictObject(
    {
      audience: optional<string | null>(
        null,
        'the audience of the identity provider’s tokens',
        'Write it as tokens carry it in `aud`, for example api://orders; leave it out to take none.',
        (value) => (typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value) ? value : undefined),
      ),
      scopes: optional<readonly string[]>(
        [],
        'a list of scopes',
        'All of them must be in the token; leave it out to ask for none.',
        readScopes,
      ),
      header: optional(
        HEADER_DEFAULT,
        'a header name',
        'Leave it out for Authorization; an application that uses that itself needs another.',
        readHeader,
      ),
      services: optional(false, 'true or false', 'true takes service tokens: npx sallyport token create.', readFlag),
      basic: optional(
        false,
        'true or false',
        'true takes a token as the password of HTTP Basic, too, for programs that can send nothing else.',
        readFlag,
      ),
    },
    { error: 'a map with audience or services' },
  )
  .refine(({ audience, services }) => audience !== null || services, {
    error: 'audience or services',
    params: { advice: 'Say which tokens are taken, or leave tokens out.' },
  })
  .transform((policy): TokenPolicy => policy);
