// `GET /`: the user's applications. Who has no session signs in first. Which ones were used lately is remembered by the browser alone.
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import { type Html, html } from '../pages/html.ts';
import { answerPage, type Page } from '../pages/page.ts';
import { mayUse } from '../router/authorise.ts';
import { createExternalUrls } from '../router/external-url.ts';
import type { Application, User } from '../stores/records.ts';
import { applicationCard, type Card } from './application-card.ts';
import { APPLICATIONS_SCRIPT } from './applications-script.ts';
import { offlineGroups } from './offline-groups.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { isPageLoad, type PortalAnswer, type PortalRequest, single } from './request.ts';
import { beginSignIn } from './sign-in.ts';
import { takesCredentials } from './takes-credentials.ts';

const SEARCH_MAX_CHARACTERS = 100;

/** Throws ERR_SIGN_IN_REQUIRED to programs. */
export const showApplications = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const session = await currentSession(ports, request);
  if (session !== null) {
    const applications = shownTo(session.user, await ports.directory.applications());
    const offline = await offlineGroups(ports, applications);
    const search = (single(request.query, 'search') ?? '').slice(0, SEARCH_MAX_CHARACTERS);
    const cards = applications.map((application) => ({
      application,
      usable: mayUse(application.access, session.user),
      offline: offline.has(application.connectorGroup),
      found: fits(application, search),
    }));
    return answerPage(applicationsPage(ports, session.user, cards, search));
  }
  if (!isPageLoad(request)) throw new SallyportError('ERR_SIGN_IN_REQUIRED');
  return beginSignIn(ports, request, null, null);
};

export const asideFor = (user: User, ...links: readonly Html[]): Html =>
  html`<p><span class="soft">Signed in as</span> ${user.name}</p>${links.map((link) => html`<p>${link}</p>`)}<p><a href="/sign-out">Sign out</a></p>`;

/** By name, those that can be used first. A wildcard has no one address to lead to, unless the link leads elsewhere. */
const shownTo = (user: User, applications: readonly Application[]): Application[] => {
  const rank = ({ access }: Application): number => (mayUse(access, user) ? 0 : 1);
  return applications
    .filter(({ host, singleSignOn }) => !host.startsWith('*') || singleSignOn.method === 'linked')
    .filter(({ access, visibleTo }) => visibleTo === 'everyone' || (visibleTo === 'assigned' && mayUse(access, user)))
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
};

/** As the page's script finds it. */
const fits = ({ name, description }: Application, search: string): boolean => {
  const text = plain(`${name} ${description}`);
  return plain(search)
    .split(/\s+/)
    .every((word) => text.includes(word));
};

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Where there is an application that needs one. */
const passwordsLink = (cards: readonly Card[]): Html[] =>
  cards.some(({ application, usable }) => usable && takesCredentials(application)) ? [html`<a href="/credentials">Your passwords</a>`] : [];

const applicationsPage = (
  { look, portalUrl }: Pick<PortalPorts, 'look' | 'portalUrl'>,
  user: User,
  cards: readonly Card[],
  search: string,
): Page => {
  const page = { title: 'Applications', look, aside: asideFor(user, ...passwordsLink(cards), html`<a href="/sessions">Your sign-ins</a>`) };
  if (cards.length === 0) {
    return { ...page, content: html`<p>No application is published for you yet. If you expected one, ask your administrator.</p>` };
  }
  const urls = createExternalUrls(portalUrl);
  const found = cards.some((card) => card.found);
  return {
    ...page,
    script: APPLICATIONS_SCRIPT,
    images: true,
    content: html`<form class="search" role="search" method="get" action="/">
<label for="search">Search</label>
<input id="search" name="search" type="search" value="${search}" maxlength="${SEARCH_MAX_CHARACTERS}" autocomplete="off" aria-keyshortcuts="/">
<button type="submit">Search</button>
<p id="found" role="status" class="soft">${found ? '' : 'No application fits.'}</p>
</form>
<section id="recent" hidden><h2>Recently used</h2><ul class="applications"></ul></section>
<section id="others" data-user="${digest(`${user.issuer} ${user.subject}`)}"><h2 hidden>All others</h2>
<ul class="applications">
${cards.map((card) => applicationCard(card, urls))}</ul></section>
<p id="keys" class="soft" hidden>Arrow keys move between applications, <kbd>Enter</kbd> opens one.
<label><input id="shortcut" type="checkbox"> Pressing <kbd>/</kbd> focuses the search box (in this browser)</label></p>`,
  };
};
