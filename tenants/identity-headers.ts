// The headers by which an origin is told who the user is: name → claim, template or text, normalised to templates.
// Refuses names that only one hop, the request's framing or we may set.
import { z } from 'zod';
import { foldName, isOurs, isToken, withoutHopByHop } from '../protocol/headers.ts';
import { parseTemplate, textTemplate } from './claim-template.ts';
import { isMap } from './faults.ts';
import { readLine } from './settings.ts';

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

export const mayTellIdentity = (name: string): boolean =>
  isToken(name) && !NEVER.has(foldName(name)) && !isOurs(name) && withoutHopByHop([[name, '']]).length === 1;

/** `claims` are the names that a header may carry. */
export const identityHeaders = (claims: readonly string[]) =>
  z.unknown().transform((value, context): Readonly<Record<string, string>> => {
    const refuse = (path: string[], message: string, advice: string) =>
      void context.addIssue({ code: 'custom', path, message, params: { advice } });
    if (!isMap(value)) {
      refuse([], 'a map of header name to claim', 'Write for example { Remote-User: username }.');
      return z.NEVER;
    }

    const seen = new Set<string>();
    const templates: Record<string, string> = {};
    for (const [name, content] of Object.entries(value)) {
      if (!mayTellIdentity(name)) {
        refuse(
          [name],
          'a header of the application’s own',
          `${name} belongs to HTTP or to Sallyport: choose another name, such as Remote-User.`,
        );
      }
      if (seen.has(foldName(name))) {
        refuse([name], 'one spelling of each header', 'Servers may take - and _ for the same: keep one of the two.');
      }
      seen.add(foldName(name));
      try {
        templates[name] = readContent(content, claims);
      } catch (error) {
        refuse([name], (error as Error).message, 'Further claims are named under identityProviders[].claims.further.');
      }
    }
    return templates;
  });

/** A claim's name, a template in which braces hold claims, or `{ text: … }`. Throws an Error that says what was expected. */
export const readContent = (content: unknown, claims: readonly string[]): string => {
  if (isMap(content)) {
    const [key, ...more] = Object.keys(content);
    const text = key === 'text' && more.length === 0 ? readLine(1024)(content.text) : undefined;
    if (text !== undefined && /^[\x20-\x7e]*$/.test(text)) return textTemplate(text);
    throw new Error('{ text: … } with a line of printable ASCII, or a template in quotes, such as "{username|lower}"');
  }
  const text = readLine(1024)(content) ?? '';
  if (!text.includes('{') && !claims.includes(text)) throw new Error(`one of the claims ${claims.join(', ')}, or a template of them`);
  const template = text.includes('{') ? text : `{${text}}`;
  parseTemplate(template, claims);
  return template;
};
