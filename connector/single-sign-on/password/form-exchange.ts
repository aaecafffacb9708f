// One sign-in by an application's own page: fetches it, fills it in, sends it to the same origin and looks at what comes. The password
// leaves in one request, once.

import { codingsOf, decoded } from '../../../protocol/content-codings.ts';
import { SallyportError } from '../../../protocol/errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SignInForm } from '../../../protocol/sign-on.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from '../../ports.ts';
import type { CookieJar } from './cookie-jar.ts';
import { type FieldNames, fillForm, findSignInForm } from './sign-in-form.ts';
import type { Credentials } from './vault.ts';

const PAGE_MAX_BYTES = 1024 * 1024;
const REDIRECTS_MAX = 10;
/** Of the user's request, what the sign-in page is asked with. */
const SENT_WITH = /^(?:host|user-agent|accept-language|x-forwarded-.*|forwarded)$/i;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** After these, a browser would send the password again. */
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);

interface Page {
  readonly path: string;
  readonly status: number;
  readonly text: string;
  readonly redirected: boolean;
  /** Whether it leads to a page that is not the origin's. */
  readonly elsewhere: boolean;
  readonly utf8: boolean;
}

/** Why the credentials are refused; else the names of the fields that make this application's sign-in form. */
export type FormOutcome = { readonly refused: string } | { readonly fields: FieldNames };

/** Fills the jar. Throws ERR_SIGN_IN_FORM where the page is not as expected, and what calling an origin throws. */
export const signInByForm = async (
  callOrigin: CallOrigin,
  /** Whose user is to be signed in. */
  request: Omit<OriginCall, 'body'>,
  form: SignInForm,
  jar: CookieJar,
  { username, password }: Credentials,
  /** Called when the password is about to leave. */
  leaving: () => void,
): Promise<FormOutcome> => {
  const site = siteOf(request);
  const ask = async (method: 'GET' | 'POST', path: string, headers: HeaderList, body: Buffer | null): Promise<OriginAnswer> => {
    const { origin, verifyCertificate, loopbackAllowed, signal, connected } = request;
    const own = request.headers.filter(([name]) => SENT_WITH.test(name));
    const common = [...own, ['Accept', 'text/html,application/xhtml+xml'], ['Accept-Encoding', 'identity'], ...headers] as HeaderList;
    const call = { method, origin, path, headers: jar.fill(common, path), body, verifyCertificate, loopbackAllowed, signal, connected };
    const answer = await callOrigin(call);
    jar.take(answer.headers, path);
    return answer;
  };
  /** Follows redirects within the origin, by GET. */
  const load = async (first: OriginAnswer, at: string, repeats: boolean): Promise<Page> => {
    let [answer, path] = [first, at];
    let redirects = 0;
    for (; REDIRECTS.has(answer.status); redirects += 1) {
      if (KEEPS_METHOD.has(answer.status) && redirects === 0 && !repeats) {
        throw refusal(request.origin, `it answered ${answer.status}, with which the password would be sent again`);
      }
      if (redirects >= REDIRECTS_MAX) throw refusal(request.origin, `it redirected ${REDIRECTS_MAX} times`);
      const next = within(site, path, locationOf(answer));
      await readText(answer);
      if (next === null) return { path, status: answer.status, text: '', redirected: true, elsewhere: true, utf8: true };
      path = next;
      answer = await ask('GET', path, [], null);
    }
    return { path, status: answer.status, redirected: redirects > 0, elsewhere: false, ...(await readText(answer)) };
  };

  const page = await load(await ask('GET', form.page, [], null), form.page, true);
  const found = findSignInForm(page.text, form);
  if (found === null) {
    throw refusal(
      request.origin,
      `${form.page} has no form with a user name and a password (${page.status}${page.elsewhere ? ', a redirect elsewhere' : ''})`,
    );
  }
  if (found.method !== 'post') throw refusal(request.origin, `the form is sent by ${found.method}, which would put the password into logs`);
  if (!page.utf8 && /[^\0-\x7f]/.test(username + password))
    throw refusal(request.origin, 'the page is not in UTF-8, which the credentials need');
  // An empty action is the page itself, whatever its base is (HTML §4.10.21.3).
  const action = within(site, page.path, found.action, found.action === '' ? null : found.base);
  if (action === null) throw refusal(request.origin, 'the form is sent to another origin, where the password does not go');

  const { type, body } = fillForm(found, { username, password });
  const headers = [
    ['Content-Type', type],
    ['Origin', site.origin],
    ['Referer', site.origin + page.path],
  ] as const;
  leaving();
  const after = await load(await ask('POST', action, headers, body), action, false);
  const fields = { usernameField: found.usernameField, passwordField: found.passwordField };
  const refused = refusedBy(after, form, fields);
  if (refused !== null) return { refused };
  if (after.status >= 400 && !(after.status === 403 && after.redirected))
    throw refusal(request.origin, `${after.path} answered ${after.status} after the sign-in`);
  if (jar.empty) throw refusal(request.origin, 'it set no cookie, so that it cannot know the user afterwards');
  return { fields };
};

const refusedBy = ({ status, text, redirected }: Page, { success, failure }: SignInForm, fields: FieldNames): string | null => {
  if (failure !== null && new RegExp(failure, 'u').test(text)) return 'The page after the sign-in fits `failure`.';
  if (success !== null) return new RegExp(success, 'u').test(text) ? null : 'The page after the sign-in does not fit `success`.';
  // A 403 further on is for a page that the user, who is known by then, may not see.
  if (status === 401 || (status === 403 && !redirected)) return `The sign-in was answered ${status}.`;
  return findSignInForm(text, fields) === null ? null : 'The sign-in page came again.';
};

/** The application as it calls itself: by its own host, or by the one that it is told in `Host`. */
const siteOf = ({ origin, headers }: Pick<OriginCall, 'origin' | 'headers'>): URL => {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  return host === undefined || host === new URL(origin).host ? new URL(origin) : new URL(`https://${host}`);
};

/** Path and query of what a page refers to; null where that is another origin's. `http` of our own name is its own. */
const within = (site: URL, path: string, reference: string | null, base: string | null = null): string | null => {
  const page = new URL(path, site).href;
  const from = base === null ? page : URL.parse(base, page)?.href;
  const url = reference === null || from === undefined ? null : URL.parse(reference, from);
  return url !== null && url.host === site.host && /^https?:$/.test(url.protocol) ? url.pathname + url.search : null;
};

const locationOf = ({ headers }: OriginAnswer): string | null => headers.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? null;

/** Whether the answer sends the user to the sign-in page. */
export const leadsToSignIn = (
  request: Pick<OriginCall, 'origin' | 'headers' | 'path'>,
  answer: OriginAnswer,
  { page }: SignInForm,
): boolean => {
  if (!REDIRECTS.has(answer.status)) return false;
  const target = within(siteOf(request), request.path, locationOf(answer));
  if (target === null) return false;
  const [wanted, found] = [new URL(page, request.origin), new URL(target, request.origin)];
  return found.pathname === wanted.pathname && [...wanted.searchParams].every(([name, value]) => found.searchParams.get(name) === value);
};

/** Throws ERR_ORIGIN_INVALID for a page whose coding cannot be read: some servers pack what nobody asked them to. */
const readText = async ({ headers, body }: OriginAnswer): Promise<Pick<Page, 'text' | 'utf8'>> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const codings = codingsOf(headers);
  if (codings === null) throw new SallyportError('ERR_ORIGIN_INVALID', 'The sign-in page is in a content coding that cannot be read.');
  for await (const chunk of decoded(buffers(body), codings)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= PAGE_MAX_BYTES) break;
  }
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const [, charset = 'utf-8'] = /charset\s*=\s*"?([\w-]+)/i.exec(type) ?? [];
  const utf8 = /^(?:utf-?8|us-ascii)$/i.test(charset);
  return { text: new TextDecoder(utf8 ? 'utf-8' : 'latin1').decode(Buffer.concat(chunks)), utf8 };
};

async function* buffers(body: OriginAnswer['body']): AsyncGenerator<Buffer> {
  for await (const chunk of body) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

const refusal = (origin: string, why: string): SallyportError =>
  new SallyportError('ERR_SIGN_IN_FORM', `${origin}: ${why}. See singleSignOn.form of the application.`);
