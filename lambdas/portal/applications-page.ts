// `GET /`: the user's applications. Who has no session signs in first.
import { SallyportError } from '../../protocol/errors.ts';
import { html } from '../pages/html.ts';
import { answerPage, type Page } from '../pages/page.ts';
import { mayUse } from '../router/authorise.ts';
import { createExternalUrls } from '../router/external-url.ts';
import type { Application, User } from '../stores/records.ts';
import { offlineGroups } from './offline-groups.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { isPageLoad, type PortalAnswer, type PortalRequest } from './request.ts';
import { beginSignIn } from './sign-in.ts';

/** Throws ERR_SIGN_IN_REQUIRED to programs. */
export const showApplications = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const session = await currentSession(ports, request);
  if (session !== null) {
    const applications = shownTo(session.user, await ports.directory.applications());
    return answerPage(applicationsPage(ports, session.user, applications, await offlineGroups(ports, applications)));
  }
  if (!isPageLoad(request)) throw new SallyportError('ERR_SIGN_IN_REQUIRED');
  return beginSignIn(ports, request, null);
};

/** Those that the user may use, by name. A wildcard has no one address to lead to, unless the link leads elsewhere. */
const shownTo = (user: User, applications: readonly Application[]): Application[] =>
  applications
    .filter(({ access, host, singleSignOn }) => mayUse(access, user) && (!host.startsWith('*') || singleSignOn.method === 'linked'))
    .sort((one, other) => one.name.localeCompare(other.name));

const applicationsPage = (
  { look, portalUrl }: Pick<PortalPorts, 'look' | 'portalUrl'>,
  user: User,
  shown: readonly Application[],
  offline: ReadonlySet<string>,
): Page => {
  const urls = createExternalUrls(portalUrl);
  const linkTo = ({ singleSignOn, host, path, homePath }: Application): string =>
    singleSignOn.method === 'linked' ? singleSignOn.url : `${urls.origin(host)}${path}${homePath.replace(/^\/+/, '')}`;
  const entry = (application: Application) => html`<li>
<a href="${linkTo(application)}"><strong>${application.name}</strong>${markOf(application, offline)}${application.description ? html`<span>${application.description}</span>` : null}</a>
</li>`;

  return {
    title: 'Applications',
    look,
    aside: html`<p><span class="soft">Signed in as</span> ${user.name}</p><p><a href="/sign-out">Sign out</a></p>`,
    content:
      shown.length > 0
        ? html`<ul class="applications">${shown.map(entry)}</ul>`
        : html`<p>No application is published for you yet. If you expected one, ask your administrator.</p>`,
  };
};

/** Why the link would lead to no application just now. */
const markOf = ({ singleSignOn, maintenance, connectorGroup }: Application, offline: ReadonlySet<string>) => {
  if (singleSignOn.method === 'linked') return null;
  if (maintenance !== null)
    return html`<span class="mark">Under maintenance</span>${maintenance ? html`<span>${maintenance}</span>` : null}`;
  return offline.has(connectorGroup) ? html`<span class="mark">Offline</span>` : null;
};
