// `/sessions`: where the user is signed in, and how to end each of it. Shows and ends this user's own sessions, whatever is asked for.
import { SallyportError } from '../../protocol/errors.ts';
import { type Html, html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import type { Session, User } from '../stores/records.ts';
import { asideFor } from './applications-page.ts';
import { PORTAL_COOKIE, readSecret } from './cookies.ts';
import { formToken, readOwnForm, TOKEN_FIELD } from './own-form.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { isPageLoad, type PortalAnswer, type PortalRequest, redirectTo, single } from './request.ts';
import { beginSignIn } from './sign-in.ts';
import { formTargetsOf, leave } from './sign-out.ts';

const PATH = '/sessions';
const FORM = 'sessions';
const EVERYWHERE = 'all';

/** Throws ERR_SIGN_IN_REQUIRED to programs, ERR_STORE_UNAVAILABLE. */
export const showSessions = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const [current, secret] = [await currentSession(ports, request), readSecret(request, PORTAL_COOKIE)];
  if (current === null || secret === null) {
    if (!isPageLoad(request)) throw new SallyportError('ERR_SIGN_IN_REQUIRED');
    return beginSignIn(ports, request, null, null);
  }
  const signIns = await signInsOf(ports, current.user);
  const form = (session: string, button: Html) => html`<form method="post" action="${PATH}">
<input type="hidden" name="${TOKEN_FIELD}" value="${formToken(secret, FORM)}"><input type="hidden" name="session" value="${session}">${button}</form>`;
  const content = html`<p>Everywhere that you are signed in. Do you see one that is not yours? Sign it out, and tell your administrator.</p>
<ul class="sign-ins">
${signIns.map((signIn) => entry(signIn, current, form))}</ul>
${signIns.length > 1 ? form(EVERYWHERE, html`<p><button type="submit">Sign out everywhere</button></p>`) : null}`;
  const page = { title: 'Your sign-ins', look: ports.look, aside: asideFor(current.user, html`<a href="/">Applications</a>`), content };
  return answerPage(page, { formTargets: await formTargetsOf(ports, current) });
};

/** Throws ERR_REQUEST_INVALID when the form is not this user's own, ERR_SESSION_UNKNOWN, ERR_STORE_UNAVAILABLE. */
export const endSession = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const [current, secret] = [await currentSession(ports, request), readSecret(request, PORTAL_COOKIE)];
  if (current === null || secret === null) return redirectTo(ports.portalUrl + PATH);
  const wanted = single(readOwnForm(ports.portalUrl, request, secret, FORM), 'session');

  const { sessions, log } = ports;
  const own = await sessions.withHandle(handleOf(current.user));
  const ended = own.filter(({ id }) => id !== current.id && (wanted === EVERYWHERE || id === wanted));
  // Another user's is told from none by nobody.
  if (ended.length === 0 && wanted !== EVERYWHERE && wanted !== current.id) throw new SallyportError('ERR_SESSION_UNKNOWN');
  await Promise.all(ended.map(({ id }) => sessions.revoke(id)));
  log.info('sessions.ended', {
    ...{ sessions: ended.length, everywhere: wanted === EVERYWHERE },
    audit: { kind: 'sign-out', user: current.user.username },
  });
  return wanted === EVERYWHERE || wanted === current.id ? leave(ports, current) : redirectTo(ports.portalUrl + PATH);
};

interface SignIn {
  readonly session: Session;
  readonly hosts: readonly string[];
}

const handleOf = ({ issuer, subject }: User) => ({ issuer, subject });

/** The latest first. A session that another one took over from ends with it, and is shown as one with it. */
const signInsOf = async ({ sessions }: Pick<PortalPorts, 'sessions'>, user: User): Promise<SignIn[]> => {
  const found = await sessions.withHandle(handleOf(user));
  const takenOver = new Set(found.map(({ previous }) => previous));
  const latest = found.filter(({ id }) => !takenOver.has(id)).sort((one, other) => other.createdAt - one.createdAt);
  return Promise.all(
    latest.map(async (session) => {
      const opened = await Promise.all([session.id, session.previous].map((id) => (id === undefined ? [] : sessions.openedFrom(id))));
      return { session, hosts: [...new Set(opened.flat().map(({ host }) => host ?? ''))].sort() };
    }),
  );
};

const entry = ({ session, hosts }: SignIn, current: Session, form: (session: string, button: Html) => Html): Html => {
  const { id, device, address, createdAt, usedAt } = session;
  const name = device ?? 'A browser that is not known';
  return html`<li>
<div><h2>${name}${id === current.id ? html` <span class="mark">This one</span>` : null}</h2>
<p>Signed in ${moment(createdAt)}${address === undefined ? null : html` from ${address}`}${usedAt === undefined ? null : html`, last used about ${moment(usedAt)}`}</p>
${hosts.length === 0 ? html`<p>No application opened</p>` : html`<p>Opened ${hosts.join(', ')}</p>`}</div>
${form(id, html`<button type="submit" class="quiet" aria-label="Sign out: ${name}, ${text(createdAt)}">Sign out</button>`)}
</li>
`;
};

const moments = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const text = (time: number): string => `${moments.format(time)} UTC`;
const moment = (time: number): Html => html`<time datetime="${new Date(time).toISOString()}">${text(time)}</time>`;
