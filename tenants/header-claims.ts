// The headers by which an origin is told who the user is: name → claim. Refuses names that only one hop, the request's framing or we may set.
import { z } from 'zod';
import { foldName, isToken, withoutHopByHop, withoutManaged } from '../protocol/headers.ts';
import { isMap } from './faults.ts';

/** Fields that frame a request, name its target or carry the user's own credentials. */
const NEVER = new Set([
  'host',
  'cookie',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'expect',
  'x-forwarded-for',
]);

export const mayCarryClaim = (name: string): boolean =>
  isToken(name) &&
  !NEVER.has(foldName(name)) &&
  !foldName(name).startsWith('x-forwarded-') &&
  withoutHopByHop([[name, '']]).length === 1 &&
  withoutManaged([[name, '']]).length === 1;

/** `claims` are the names that a header may carry. */
export const headerClaims = (claims: readonly string[]) =>
  z.unknown().transform((value, context): Readonly<Record<string, string>> => {
    const refuse = (path: string[], message: string, advice: string) =>
      void context.addIssue({ code: 'custom', path, message, params: { advice } });
    if (!isMap(value)) {
      refuse([], 'a map of header name to claim', 'Write for example { Remote-User: username }.');
      return z.NEVER;
    }

    const seen = new Set<string>();
    for (const [name, claim] of Object.entries(value)) {
      if (!mayCarryClaim(name)) {
        refuse(
          [name],
          'a header of the application’s own',
          `${name} belongs to HTTP or to Sallyport: choose another name, such as Remote-User.`,
        );
      }
      if (seen.has(foldName(name))) {
        refuse([name], 'one spelling of each header', 'Servers may take - and _ for the same: keep one of the two.');
      }
      if (typeof claim !== 'string' || !claims.includes(claim)) {
        refuse([name], `one of the claims ${claims.join(', ')}`, 'Further claims are named under identityProvider.claims.further.');
      }
      seen.add(foldName(name));
    }
    return value as Record<string, string>;
  });
