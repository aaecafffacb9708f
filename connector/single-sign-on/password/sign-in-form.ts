// An application's sign-in form, as a browser reads it (HTML §4.10): where it goes and what is sent with it, its hidden fields and tokens
// among that, with user name and password filled in.
import { DomUtils, parseDocument } from 'htmlparser2';
import { SallyportError } from '../../../protocol/errors.ts';
import type { SignInForm } from '../../../protocol/sign-on.ts';

/** Of the two fields that make it the sign-in form. */
export type FieldNames = Pick<SignInForm, 'usernameField' | 'passwordField'>;

type Document = ReturnType<typeof parseDocument>;
type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];

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
  const document = parseDocument(page, { decodeEntities: true });
  for (const form of elements(document, 'form')) {
    const controls = controlsOf(document, form);
    const password = controls.find((control) =>
      names.passwordField === null ? isPassword(control) : nameOf(control) === names.passwordField,
    );
    if (password === undefined) continue;
    const username = usernameIn(controls, password, names.usernameField);
    if (username === undefined) continue;
    return {
      action: form.attribs.action?.trim() ?? '',
      base: elements(document, 'base')[0]?.attribs.href ?? null,
      method: (form.attribs.method ?? 'get').trim().toLowerCase(),
      encoding: (form.attribs.enctype ?? 'application/x-www-form-urlencoded').trim().toLowerCase(),
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

const elements = (document: Document | Element, name: string): Element[] => DomUtils.getElementsByTagName(name, document, true);

/** Those within it, and those elsewhere that name it. */
const controlsOf = (document: Document, form: Element): Element[] => {
  const { id } = form.attribs;
  return DomUtils.findAll(
    (element) =>
      ['input', 'select', 'textarea', 'button'].includes(element.name) &&
      (element.attribs.form === undefined ? isWithin(element, form) : id !== undefined && element.attribs.form === id),
    document.children,
  ).filter(({ attribs }) => attribs.disabled === undefined);
};

const isWithin = (element: Element, form: Element): boolean => {
  for (let at = element.parent; at !== null; at = at.parent) if (at === form) return true;
  return false;
};

const nameOf = ({ attribs }: Element): string => attribs.name ?? '';
const typeOf = ({ name, attribs }: Element): string =>
  (name === 'button' ? (attribs.type ?? 'submit') : (attribs.type ?? '')).toLowerCase();
const isPassword = (control: Element): boolean => control.name === 'input' && typeOf(control) === 'password' && nameOf(control) !== '';

/** By its name, by what it says that it is for, or the last one before the password. */
const usernameIn = (controls: readonly Element[], password: Element, name: string | null): Element | undefined => {
  if (name !== null) return controls.find((control) => nameOf(control) === name);
  const texts = controls.filter((control) => control.name === 'input' && USERNAME_TYPES.has(typeOf(control)) && nameOf(control) !== '');
  return (
    texts.find(({ attribs }) => attribs.autocomplete?.toLowerCase().split(/\s+/).includes('username')) ??
    texts.filter((control) => controls.indexOf(control) < controls.indexOf(password)).at(-1)
  );
};

const sent = (controls: readonly Element[], filled: readonly Element[]): Array<readonly [string, string]> => {
  // Enter in a field presses the first of them.
  const button = controls.find((control) => SUBMITS.has(typeOf(control)) && control.name !== 'select');
  return controls.flatMap((control): Array<readonly [string, string]> => {
    const name = nameOf(control);
    if (name === '') return [];
    if (filled.includes(control)) return [[name, '']];
    if (control.name === 'textarea') return [[name, DomUtils.textContent(control)]];
    if (control.name === 'select') return chosen(control).map((value) => [name, value] as const);
    const type = typeOf(control);
    if (control === button && type === 'submit') return [[name, control.attribs.value ?? '']];
    if (control.name === 'button' || NOT_SENT.has(type)) return [];
    if (type === 'checkbox' || type === 'radio')
      return control.attribs.checked === undefined ? [] : [[name, control.attribs.value ?? 'on']];
    return [[name, control.attribs.value ?? '']];
  });
};

const chosen = (select: Element): string[] => {
  const options = elements(select, 'option');
  const marked = options.filter(({ attribs }) => attribs.selected !== undefined);
  const shown = marked.length > 0 || select.attribs.multiple !== undefined ? marked : options.slice(0, 1);
  return shown.map((option) => option.attribs.value ?? DomUtils.textContent(option).trim());
};
