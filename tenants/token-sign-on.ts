// The settings of single sign-on by an access token of the user's identity provider.
import { z } from 'zod';
import { foldName } from '../protocol/headers.ts';
import { mayTellIdentity } from './identity-headers.ts';
import { choice, optional, readLines } from './settings.ts';

/** HTTP's own field for it, or one of the application's own. */
const readHeader = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  if (foldName(value) === 'authorization') return 'Authorization';
  return mayTellIdentity(value) ? value : undefined;
};

const readAudience = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value) ? value : undefined;

/** RFC 6749 §3.3. */
const readScopes = (value: unknown): readonly string[] | undefined => {
  const scopes = readLines(value);
  return scopes?.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) ? scopes : undefined;
};

export const tokenSettings = (beside: { readonly headers: z.ZodType<Readonly<Record<string, string>>> }) =>
  z
    .strictObject({
      method: z.literal('token'),
      ...beside,
      grant: choice(
        ['exchange', 'on-behalf-of', 'own'],
        'on-behalf-of is Entra ID’s form of it; own passes on what Sallyport itself was given.',
      ),
      audience: optional<string | null>(
        null,
        'a line of 512 printable characters at most, without blanks',
        'Write what the application expects as aud, and no other application’s.',
        readAudience,
      ),
      scopes: optional<readonly string[]>(
        [],
        'a list of scopes',
        'Write for example ["api://payroll/.default"], or leave it out where the provider needs none.',
        readScopes,
      ),
      header: optional(
        'Authorization',
        'Authorization, or a header of the application’s own',
        'Leave it out for Authorization: Bearer.',
        readHeader,
      ),
    })
    .superRefine(({ grant, audience, scopes, header, headers }, context) => {
      const refuse = (path: string[], message: string, advice: string) =>
        void context.addIssue({ code: 'custom', path, message, params: { advice } });
      if (grant === 'own') {
        const advice = 'The user’s own token is as the provider gave it at sign-in: leave this out, or use exchange.';
        if (audience !== null) refuse(['audience'], 'nothing beside grant: own', advice);
        if (scopes.length > 0) refuse(['scopes'], 'nothing beside grant: own', advice);
      } else if (audience === null) {
        refuse(['audience'], 'whom the token is for', 'Write what the application expects as aud: a token for anyone else is refused.');
      }
      if (grant === 'on-behalf-of' && scopes.length === 0) {
        refuse(
          ['scopes'],
          'at least one scope',
          'Entra ID knows by it which application is meant: write for example ["api://payroll/.default"].',
        );
      }
      const twice = Object.keys(headers).find((name) => foldName(name) === foldName(header));
      if (twice !== undefined) {
        refuse(
          ['headers', twice],
          'another header than the token’s',
          'The token is in this field: choose another name for one of the two.',
        );
      }
    });
