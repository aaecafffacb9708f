// A response that answers nobody's request: a sign-in that was begun at the provider (IdP-initiated). Whoever gets hold of one, of their
// own account say, could have another's browser bring it. So it signs nobody in, and nothing of it is believed: the browser is led to where
// it wanted to go, and a sign-in that we ask for begins there, at the same provider.
import { SallyportError } from '../../../protocol/errors.ts';
import { FailureWithWayOut } from '../failure.ts';
import { currentSession } from '../portal-session.ts';
import type { IdentityProvider, PortalPorts } from '../ports.ts';
import { type PortalAnswer, type PortalRequest, redirectTo, single } from '../request.ts';
import { checkReturnUrl } from '../return-url.ts';
import { keepsState } from './kept-state.ts';
import { readResponse } from './message.ts';

/** Null for a response that answers something. Throws ERR_SIGN_IN_INVALID, ERR_STORE_UNAVAILABLE. */
export const answerUnsolicited = async (
  ports: PortalPorts,
  request: PortalRequest,
  { profile }: IdentityProvider,
  form: URLSearchParams,
): Promise<PortalAnswer | null> => {
  if (!isUnsolicited(single(form, 'SAMLResponse'))) return null;
  const url = await wantedUrl(ports, single(form, 'RelayState'));
  // Of several providers the same one is asked.
  if (profile.isOneOfSeveral) url.searchParams.set('domain_hint', profile.emailDomains[0]!);
  // A provider that never says what it answers would otherwise send the browser round and round.
  if (keepsState(request) && (await currentSession(ports, request)) === null)
    throw new FailureWithWayOut(
      new SallyportError(
        'ERR_SIGN_IN_INVALID',
        'The sign-in service did not say which sign-in it answers, and one was begun here just now.',
      ),
      url.href,
    );
  ports.log.info('sign-in.begun-at-provider', { provider: profile.id });
  return redirectTo(url.href);
};

/** Neither the response nor its assertion names a request (SAML 2.0 Profiles §4.1.5). */
const isUnsolicited = (encoded: string | null): boolean => {
  try {
    return !/\sInResponseTo\s*=/.test(readResponse(encoded));
  } catch {
    return false;
  }
};

/** An application of ours, where RelayState names one; else the portal. */
const wantedUrl = async ({ directory, portalUrl }: PortalPorts, relayState: string | null): Promise<URL> => {
  try {
    return await checkReturnUrl(directory, portalUrl, relayState);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'ERR_REQUEST_INVALID') return new URL(`${portalUrl}/`);
    throw error;
  }
};
