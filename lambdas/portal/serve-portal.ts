// The portal's routes. A list that reads aloud: path, method, action.
import { SallyportError } from '../../protocol/errors.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import { showApplications } from './applications-page.ts';
import { KEYS_PATH, showIssuer, showKeys, showPemKeys } from './assertion-keys.ts';
import { CALLBACK_PATH, callback } from './callback.ts';
import { saveCredentials, showCredentials } from './credentials-page.ts';
import { answerFailure } from './failure.ts';
import type { PortalPorts } from './ports.ts';
import { postedCallback } from './posted-callback.ts';
import { backChannelLogout, frontChannelLogout } from './provider-sign-out.ts';
import { type PortalAnswer, type PortalEvent, type PortalRequest, toRequest } from './request.ts';
import { providerLogout } from './saml/logout.ts';
import { LOGOUT_PATH, METADATA_PATH, showMetadata } from './saml/metadata.ts';
import { showIdpMetadata } from './saml-idp/metadata.ts';
import { ANSWER_PATH, IDP_METADATA_PATH, SLO_PATH, SSO_PATH, START_PATH } from './saml-idp/names.ts';
import { singleLogout } from './saml-idp/sign-out.ts';
import { answerAfterSignIn, answerRequest, start } from './saml-idp/sso.ts';
import { endSession, showSessions } from './sessions-page.ts';
import { pickProvider, signIn } from './sign-in.ts';
import { askSignOut, showSignedOut, signOut } from './sign-out.ts';

type Action = (ports: PortalPorts, request: PortalRequest) => Promise<PortalAnswer> | PortalAnswer;

const LASTING = { ...SECURITY_HEADERS, 'Cache-Control': 'public, max-age=86400' };

/** What only shows something answers HEAD too (RFC 9110 §9.1); what does something answers to its own method alone. */
const shown = (action: Action): Readonly<Record<string, Action>> => ({
  GET: action,
  HEAD: async (ports, request) => ({ ...(await action(ports, request)), body: undefined }),
});

/** One that is added here is added to the tests of what own answers say, and of what other sites may bring about. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  '/': shown(showApplications),
  '/sign-in': { GET: signIn, POST: pickProvider },
  [CALLBACK_PATH]: { GET: callback, POST: postedCallback },
  [METADATA_PATH]: shown(showMetadata),
  [LOGOUT_PATH]: { GET: providerLogout, POST: providerLogout },
  [IDP_METADATA_PATH]: shown(showIdpMetadata),
  [SSO_PATH]: { GET: answerRequest, POST: answerRequest },
  [ANSWER_PATH]: { GET: answerAfterSignIn },
  [START_PATH]: { GET: start, POST: start },
  [SLO_PATH]: { GET: singleLogout, POST: singleLogout },
  '/sign-out': { GET: askSignOut, POST: signOut },
  '/credentials': { ...shown(showCredentials), POST: saveCredentials },
  '/sessions': { ...shown(showSessions), POST: endSession },
  '/back-channel-logout': { POST: backChannelLogout },
  '/front-channel-logout': { GET: frontChannelLogout },
  '/signed-out': shown(showSignedOut),
  [KEYS_PATH]: shown(showKeys),
  '/.well-known/openid-configuration': shown(showIssuer),
  '/cdn-cgi/access/certs': shown(showKeys),
  '/.well-known/pomerium/jwks.json': shown(showKeys),
  '/iap/verify/public_key-jwk': shown(showKeys),
  '/iap/verify/public_key': shown(showPemKeys),
  '/favicon.ico': shown(() => ({ statusCode: 204, headers: LASTING })),
  '/robots.txt': shown(() => ({
    statusCode: 200,
    headers: { ...LASTING, 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'User-agent: *\nDisallow: /\n',
  })),
};

export const createServePortal =
  (ports: PortalPorts) =>
  async (event: PortalEvent): Promise<PortalAnswer> => {
    const request = toRequest(event, ports.edge);
    const at = { ...ports, log: ports.log.with({ requestId: request.id, address: request.address }) };
    try {
      return await actionFor(request)(at, request);
    } catch (error) {
      const allowed = Object.keys(methodsAt(request.path) ?? {}).join(', ');
      const answer = await answerFailure(at, request, error);
      // RFC 9110 §15.5.6: 405 says what would be allowed.
      return answer.statusCode === 405 ? { ...answer, headers: { ...answer.headers, Allow: allowed } } : answer;
    }
  };

/** Null where there is nothing. Each identity provider has a callback of its own. */
const methodsAt = (path: string): Readonly<Record<string, Action>> | null => {
  const route = path.startsWith(CALLBACK_PATH) ? CALLBACK_PATH : path;
  return Object.hasOwn(ROUTES, route) ? ROUTES[route]! : null;
};

const actionFor = ({ path, method }: PortalRequest): Action => {
  const methods = methodsAt(path);
  if (methods === null) throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'There is no such page in the portal.');
  const action = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (action === undefined) throw new SallyportError('ERR_METHOD_REFUSED');
  return action;
};
