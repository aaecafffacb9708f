// The page that asks how the user signs in, where a tenant has several identity providers and nothing says which. An e-mail address
// picks by its domain alone: the answer says nothing about which accounts exist.
import { randomSecret } from '../keys.ts';
import { html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import { BROWSER_COOKIE, readSecret, setCookie } from './cookies.ts';
import { formToken, TOKEN_FIELD } from './own-form.ts';
import type { PortalPorts } from './ports.ts';
import type { PortalAnswer, PortalRequest } from './request.ts';
import { SIGN_IN_LIFETIME_MS } from './sign-in-state.ts';

export const CHOICE = 'choose-provider';

const LOOPBACK = /^http:\/\/(?:127\.|localhost[:/]|\[::1\])/i;

/** What is told with the page when it is shown again. */
interface Remark {
  readonly text: string;
  /** What was typed. */
  readonly email: string;
}

/** `asked`: the query of `/sign-in` that the choice goes on with. */
export const askProvider = (
  { look, portalUrl, providers }: Pick<PortalPorts, 'look' | 'portalUrl' | 'providers'>,
  request: PortalRequest,
  asked: string,
  remark: Remark | null = null,
): PortalAnswer => {
  const browser = readSecret(request, BROWSER_COOKIE) ?? randomSecret();
  const hidden = html`<input type="hidden" name="${TOKEN_FIELD}" value="${formToken(browser, CHOICE)}"><input type="hidden" name="asked" value="${asked}">`;
  const choice = ({ profile: { id, name } }: PortalPorts['providers'][number]) =>
    html`<button class="quiet" type="submit" name="provider" value="${id}">${name}</button>`;

  const page = {
    title: 'How do you sign in?',
    look,
    content: html`<form class="fields" method="post" action="/sign-in">
${hidden}
<label for="email">Your e-mail address at work or school</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254"${remark === null ? null : html` value="${remark.email}" aria-describedby="remark"`}>
${remark === null ? null : html`<p class="mark" id="remark" role="alert">${remark.text}</p>`}
<p class="actions"><button type="submit">Continue</button></p>
</form>
<h2>Or choose where you sign in</h2>
<form method="post" action="/sign-in">
${hidden}
<p class="actions">${providers.map(choice)}</p>
</form>`,
  };
  // The forms lead on to a provider, and from there maybe to others and back: CSP would stop the browser at the first of them.
  // One on the user's own machine, for development, is not encrypted.
  const local = providers.flatMap(({ profile: { issuer } }) => (LOOPBACK.test(issuer) ? [new URL(issuer).origin] : []));
  const formTargets = [...new Set([new URL(portalUrl).protocol, 'https:', ...local])];
  return {
    ...answerPage(page, { formTargets, status: remark === null ? 200 : 422 }),
    cookies: [setCookie(BROWSER_COOKIE, browser, SIGN_IN_LIFETIME_MS)],
  };
};
