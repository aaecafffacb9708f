// `singleSignOn` with `method: password`: where the application takes a name and a password, and whose key they are sealed to.
import { z } from 'zod';
import type { PasswordSignOn, SingleSignOn } from '../lambdas/stores/records.ts';
import { readVaultKey } from '../protocol/vault.ts';
import { choice, optional, readLine, setting } from './settings.ts';

const PATTERN_MAX_CHARACTERS = 200;

/** A path of the origin, with a query where the application needs one. */
const readPage = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || value.length > 500 || !/^\/(?!\/)[\x21\x23-\x5b\x5d-\x7e]*$/.test(value) || value.includes('#'))
    return undefined;
  const url = URL.parse(value, 'http://origin.invalid');
  return url !== null && url.pathname + url.search === value ? value : undefined;
};

const readField = readLine(100);

const readPattern = (value: unknown): string | undefined => {
  const line = readLine(PATTERN_MAX_CHARACTERS)(value);
  if (line === undefined) return undefined;
  try {
    new RegExp(line, 'u');
    return line;
  } catch {
    return undefined;
  }
};

const field = (example: string) =>
  optional<string | null>(null, 'the name of a field', `Write for example ${example}, or leave it out to have it found.`, readField);
const pattern = (advice: string) =>
  optional<string | null>(null, `a regular expression of ${PATTERN_MAX_CHARACTERS} characters at most`, advice, readPattern);

const form = z.strictObject(
  {
    page: setting(
      'a path of the application, such as /login',
      'Write the path and query of the page with the form, as the connector asks for it.',
      readPage,
    ),
    usernameField: field('user'),
    passwordField: field('pass'),
    success: pattern('Name what stands on the page after a good sign-in only, or leave it out.'),
    failure: pattern('Name what stands on the page after a refused sign-in only, or leave it out.'),
  },
  { error: 'a map with page' },
);

export const passwordSettings = <Beside extends z.core.$ZodLooseShape>(beside: Beside) =>
  z
    .strictObject({
      method: z.literal('password'),
      ...beside,
      scheme: choice(['basic', 'form'], 'basic is HTTP Basic; form fills in the application’s own page.'),
      credentials: choice(
        ['user', 'shared'],
        'user: each enters their own in the portal; shared: the administrator sets them once for all.',
      ),
      vaultKey: setting(
        'the public key of a vault',
        'Make one with `npx sallyport vault create FILE`, give FILE to the connectors of the group, and write here what it prints.',
        (value) => (typeof value === 'string' && readVaultKey(value) !== undefined ? value : undefined),
      ),
      form: form.optional(),
    })
    .superRefine((read, context) => {
      const { scheme, form } = read as { readonly scheme: string; readonly form?: unknown };
      if ((scheme === 'form') === (form !== undefined)) return;
      const message = scheme === 'form' ? 'form: { page: … } beside scheme: form' : 'nothing beside scheme: basic';
      const advice = 'Write form: { page: /login } where a page is filled in, and leave it out with HTTP Basic.';
      context.addIssue({ code: 'custom', path: ['form'], message, params: { advice } });
    });

type Read = Omit<PasswordSignOn, 'form'> & {
  readonly headers: SingleSignOn['headers'];
  readonly form?: PasswordSignOn['form'] | undefined;
};

/** As the directory holds it. */
export const normalisePassword = (read: Read): SingleSignOn => ({ ...read, form: read.form ?? null });
