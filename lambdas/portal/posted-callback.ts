// `POST /callback/<id>`: a SAML provider's page has the browser post the response here, from its own site. Our cookies are SameSite=Lax, so
// they do not come with it, and without them nobody can tell whether this browser began the sign-in. SameSite=None would send them with
// every other site's posts too. So the first answer is a page of ours that posts the same fields once more, from our own origin:
// then the cookies come. A browser that still has none is another one, or blocks them.
import { SallyportError } from '../../protocol/errors.ts';
import { html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import { CALLBACK_PATH, callback } from './callback.ts';
import type { PortalPorts } from './ports.ts';
import { providerWithId } from './providers.ts';
import { formOf, type PortalAnswer, type PortalRequest, single } from './request.ts';

const AGAIN = 'again';
const SUBMIT = "document.getElementById('onward').submit()";

export const postedCallback = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const provider = providerWithId(ports, request.path.slice(CALLBACK_PATH.length));
  if (provider?.profile.protocol !== 'saml')
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in service answers in the address.');
  const form = formOf(request);
  return single(form, AGAIN) === null ? fromHere(ports, request, form) : callback(ports, request);
};

const fromHere = ({ look, portalUrl }: PortalPorts, { path }: PortalRequest, form: URLSearchParams): PortalAnswer => {
  const field = (name: string) => html`<input type="hidden" name="${name}" value="${single(form, name) ?? ''}">`;
  const content = html`<form id="onward" method="post" action="${path}">
${['SAMLResponse', 'RelayState'].map(field)}
<input type="hidden" name="${AGAIN}" value="1">
<p class="actions"><button type="submit">Continue</button></p>
</form>`;
  // The answer leads on to the application, past other hosts maybe: CSP would stop the browser at the first of them.
  const formTargets = [...new Set([new URL(portalUrl).protocol, 'https:'])];
  return answerPage({ title: 'Signing in', look, content, script: SUBMIT }, { formTargets });
};
