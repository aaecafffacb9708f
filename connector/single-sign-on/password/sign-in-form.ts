// An application's sign-in form, as a browser reads it (HTML §4.10): where it goes and what is sent with it, its hidden fields and tokens
// among that, with user name and password filled in.
import { SallyportError } from '../../../protocol/errors.ts';
import type { SignInForm } from '../../../protocol/sign-on.ts';
import { type Control, readForms } from './page-forms.ts';

/** Of the two fields that make it the sign-in form. */
export type FieldNames = Pick<SignInForm, 'usernameField' | 'passwordField'>;

export interface FoundForm {
  /** As the page has it; empty: the page's own address. */
  readonly action: string;
  readonly base: string | null;
  readonly method: string;
  readonly encoding: string;
  readonly usernameField: string;
  readonly passwordField: string;
  /** Name and value of everything that is sent, in order. The two fields are among them, without a value. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
}

const USERNAME_TYPES: ReadonlySet<string> = new Set(['text', 'email', 'tel', '']);
const SUBMITS: ReadonlySet<string> = new Set(['submit', 'image']);
/** Never sent unless they were pressed, or as a file. */
const NOT_SENT: ReadonlySet<string> = new Set(['submit', 'image', 'button', 'reset', 'file']);

/** The page's sign-in form; null where it has none. */
export const findSignInForm = (page: string, names: FieldNames): FoundForm | null => {
  const { base, forms } = readForms(page);
  for (const { attributes, controls: all } of forms) {
    const controls = all.filter((control) => control.attributes.disabled === undefined);
    const password = controls.find((control) =>
      names.passwordField === null ? isPassword(control) : nameOf(control) === names.passwordField,
    );
    if (password === undefined) continue;
    const username = usernameIn(controls, password, names.usernameField);
    if (username === undefined) continue;
    return {
      action: attributes.action?.trim() ?? '',
      base,
      method: (attributes.method ?? 'get').trim().toLowerCase(),
      encoding: (attributes.enctype ?? 'application/x-www-form-urlencoded').trim().toLowerCase(),
      usernameField: nameOf(username),
      passwordField: nameOf(password),
      fields: sent(controls, [username, password]),
    };
  }
  return null;
};

/** The body and its type, filled in. Throws ERR_SIGN_IN_FORM. */
export const fillForm = (
  { fields, usernameField, passwordField, encoding }: FoundForm,
  { username, password }: { readonly username: string; readonly password: string },
): { readonly type: string; readonly body: Buffer } => {
  if (encoding !== 'application/x-www-form-urlencoded' && encoding !== '') {
    throw new SallyportError(
      'ERR_SIGN_IN_FORM',
      `The sign-in form is sent as ${encoding}; only application/x-www-form-urlencoded is filled in.`,
    );
  }
  const filled = fields.map(([name, value]): [string, string] => {
    if (name === usernameField) return [name, username];
    return [name, name === passwordField ? password : value];
  });
  return { type: 'application/x-www-form-urlencoded', body: Buffer.from(new URLSearchParams(filled).toString()) };
};

const nameOf = ({ attributes }: Control): string => attributes.name ?? '';
const typeOf = ({ tag, attributes }: Control): string => (attributes.type ?? (tag === 'button' ? 'submit' : '')).toLowerCase();
const isPassword = (control: Control): boolean => control.tag === 'input' && typeOf(control) === 'password' && nameOf(control) !== '';

/** By its name, by what it says that it is for, or the last one before the password. */
const usernameIn = (controls: readonly Control[], password: Control, name: string | null): Control | undefined => {
  if (name !== null) return controls.find((control) => nameOf(control) === name);
  const isText = (control: Control): boolean => control.tag === 'input' && USERNAME_TYPES.has(typeOf(control)) && nameOf(control) !== '';
  return (
    controls.filter(isText).find(({ attributes }) => attributes.autocomplete?.toLowerCase().split(/\s+/).includes('username')) ??
    controls.slice(0, controls.indexOf(password)).filter(isText).at(-1)
  );
};

const sent = (controls: readonly Control[], filled: readonly Control[]): Array<readonly [string, string]> => {
  // Enter in a field presses the first of them.
  const button = controls.find((control) => SUBMITS.has(typeOf(control)) && control.tag !== 'select');
  return controls.flatMap((control): Array<readonly [string, string]> => {
    const name = nameOf(control);
    if (name === '') return [];
    if (filled.includes(control)) return [[name, '']];
    if (control.tag === 'textarea') return [[name, control.text]];
    if (control.tag === 'select') return chosen(control).map((value) => [name, value] as const);
    const type = typeOf(control);
    if (control === button && type === 'submit') return [[name, control.attributes.value ?? '']];
    if (control.tag === 'button' || NOT_SENT.has(type)) return [];
    if (type === 'checkbox' || type === 'radio')
      return control.attributes.checked === undefined ? [] : [[name, control.attributes.value ?? 'on']];
    return [[name, control.attributes.value ?? '']];
  });
};

const chosen = ({ options, attributes }: Control): string[] => {
  const marked = options.filter((option) => option.attributes.selected !== undefined);
  const shown = marked.length > 0 || attributes.multiple !== undefined ? marked : options.slice(0, 1);
  return shown.map((option) => option.attributes.value ?? option.text.trim());
};
