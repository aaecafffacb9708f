// `/credentials`: the applications that need a user name and a password of the user's own; with `?application=`, the page where they are
// entered. They come here sealed for the connectors: the portal stores what it cannot read, for nobody but this user.
import { SallyportError } from '../../protocol/errors.ts';
import { CREDENTIAL_MAX_CHARACTERS, ownerOf, readVaultKey, sealedTo } from '../../protocol/vault.ts';
import { type Html, html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import { mayUse } from '../router/authorise.ts';
import { createExternalUrls } from '../router/external-url.ts';
import type { Session, StoredCredentials, User } from '../stores/records.ts';
import { asideFor } from './applications-page.ts';
import { PORTAL_COOKIE, readSecret } from './cookies.ts';
import { CREDENTIALS_SCRIPT } from './credentials-script.ts';
import { formToken, readOwnForm, TOKEN_FIELD } from './own-form.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { isPageLoad, type PortalAnswer, type PortalRequest, redirectTo, single } from './request.ts';
import { beginSignIn } from './sign-in.ts';
import { type PasswordApplication, takesCredentials } from './takes-credentials.ts';

const PATH = '/credentials';

/** Throws ERR_SIGN_IN_REQUIRED to programs, ERR_APPLICATION_UNKNOWN, ERR_STORE_UNAVAILABLE. */
export const showCredentials = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const [session, secret] = [await currentSession(ports, request), readSecret(request, PORTAL_COOKIE)];
  if (session === null || secret === null) {
    if (!isPageLoad(request)) throw new SallyportError('ERR_SIGN_IN_REQUIRED');
    return beginSignIn(ports, request, null, null);
  }
  if (!request.query.has('application')) return listed(ports, session);
  const application = await applicationFor(ports, session, single(request.query, 'application'));
  return entry(ports, session, application, secret);
};

/** Throws ERR_REQUEST_INVALID when the form is not this user's own, or holds anything that is not sealed. */
export const saveCredentials = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const [session, secret] = [await currentSession(ports, request), readSecret(request, PORTAL_COOKIE)];
  if (session === null || secret === null) return redirectTo(ports.portalUrl + PATH);
  const form = readOwnForm(ports.portalUrl, request, secret, PATH);
  const application = await applicationFor(ports, session, single(form, 'application'));
  const { id, singleSignOn } = application;
  const owner = ownerOf(session.user);
  const { username } = session.user;
  const entity = { type: 'Credentials', name: id };

  if (single(form, 'remove') !== null) {
    if (await ports.credentials.remove(id, owner)) {
      ports.log.info('credentials.removed', {
        application: id,
        audit: { kind: 'configuration', change: 'delete', entity, user: username, application: id },
      });
    }
  } else {
    const sealed = single(form, 'sealed') ?? '';
    if (sealedTo(sealed) !== readVaultKey(singleSignOn.vaultKey)?.id) {
      throw new SallyportError(
        'ERR_REQUEST_INVALID',
        'What was sent is not sealed as it should be. Open the page again, in a browser with scripts.',
      );
    }
    await ports.credentials.put(id, { sealed, owner, setBy: username, setAt: ports.now(), refusedAt: null });
    ports.log.info('credentials.set', {
      application: id,
      audit: { kind: 'configuration', change: 'update', entity, user: username, application: id },
    });
  }
  return redirectTo(`${ports.portalUrl}${PATH}?${new URLSearchParams({ application: id })}`);
};

const usable = async ({ directory }: Pick<PortalPorts, 'directory'>, { user }: Session): Promise<PasswordApplication[]> =>
  (await directory.applications()).filter(takesCredentials).filter(({ access }) => mayUse(access, user));

const applicationFor = async (ports: PortalPorts, session: Session, id: string | null): Promise<PasswordApplication> => {
  const found = (await usable(ports, session)).find((application) => application.id === id);
  if (found === undefined) {
    throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'There is no such application that needs a user name and a password of yours.');
  }
  return found;
};

const asideOf = (user: User): Html => asideFor(user, html`<a href="/">Applications</a>`);

const listed = async (ports: PortalPorts, session: Session): Promise<PortalAnswer> => {
  const applications = (await usable(ports, session)).sort((one, other) => one.name.localeCompare(other.name));
  const stored = await Promise.all(applications.map(({ id }) => ports.credentials.find(id, ownerOf(session.user))));
  const content =
    applications.length === 0
      ? html`<p>No application needs a user name and a password of yours.</p>`
      : html`<p>These applications need a user name and a password of yours. You enter them once.</p>
<ul class="sign-ins">
${applications.map(({ id, name }, index) => {
  const query = new URLSearchParams({ application: id });
  return html`<li><div><h2>${name}</h2>${stateOf(stored[index]!)}</div>
<a class="button quiet" href="${PATH}?${query.toString()}" aria-label="${stored[index] ? 'Change' : 'Enter'}: ${name}">${stored[index] ? 'Change' : 'Enter'}</a></li>
`;
})}</ul>`;
  return answerPage({ title: 'Your passwords', look: ports.look, aside: asideOf(session.user), content });
};

const entry = async (ports: PortalPorts, { user }: Session, application: PasswordApplication, secret: string): Promise<PortalAnswer> => {
  const { id, name, host, path, singleSignOn } = application;
  const owner = ownerOf(user);
  const stored = await ports.credentials.find(id, owner);
  const own = html`<input type="hidden" name="${TOKEN_FIELD}" value="${formToken(secret, PATH)}"><input type="hidden" name="application" value="${id}">`;
  const open = host.startsWith('*')
    ? null
    : html`<p><a class="button" href="${createExternalUrls(ports.portalUrl).origin(host)}${path}">Open ${name}</a></p>`;
  const content = html`${stateOf(stored)}
${stored !== null && stored.refusedAt === null ? open : null}
<p>Enter the user name and the password that you have in this application. They are sealed in your browser, so that only the connector beside the application can read them.</p>
<noscript><p>This page needs scripts: without them nothing would be sealed, and nothing is sent.</p></noscript>
<p id="insecure" class="mark" hidden>Your browser seals only on pages that came by https: nothing can be entered here.</p>
<form id="credentials" class="fields" method="post" action="${PATH}" data-application="${id}" data-owner="${owner}" data-key="${singleSignOn.vaultKey}" data-key-id="${readVaultKey(singleSignOn.vaultKey)?.id ?? ''}">
${own}<input type="hidden" id="sealed" name="sealed">
<p><label for="username">User name in ${name}</label>
<input id="username" required maxlength="${CREDENTIAL_MAX_CHARACTERS}" autocomplete="off" autocapitalize="none" spellcheck="false"></p>
<p><label for="password">Password in ${name}</label>
<input id="password" type="password" required maxlength="${CREDENTIAL_MAX_CHARACTERS}" autocomplete="off"></p>
<p><button id="save" type="submit" disabled>Save</button></p>
</form>
${stored === null ? null : html`<form method="post" action="${PATH}">${own}<button type="submit" name="remove" value="yes" class="quiet">Remove them</button></form>`}`;
  return answerPage({ title: `${name}: your password`, look: ports.look, aside: asideOf(user), content, script: CREDENTIALS_SCRIPT });
};

const moments = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const moment = (time: number): Html => html`<time datetime="${new Date(time).toISOString()}">${moments.format(time)} UTC</time>`;

const stateOf = (stored: StoredCredentials | null): Html => {
  if (stored === null) return html`<p class="mark">Not entered yet</p>`;
  return stored.refusedAt === null
    ? html`<p>Entered ${moment(stored.setAt)}</p>`
    : html`<p class="mark" role="status">The application refused them ${moment(stored.refusedAt)}. They are not sent again: please enter them anew.</p>`;
};
