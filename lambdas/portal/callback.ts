// `GET /callback/<id>`, and `POST` from a page of our own (posted-callback.ts): the browser comes back from the identity provider with this
// id. What it brings must belong to a sign-in that this browser began, there.
import { timingSafeEqual } from 'node:crypto';
import type { StepUp } from '../../policy/decide.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { satisfies } from '../identity/second-factor.ts';
import { groupsAreElsewhere, toUser } from '../identity/user-claims.ts';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { BROWSER_COOKIE, clearCookie, PROVIDER_COOKIE, readSecret } from './cookies.ts';
import { FailureWithWayOut, StepUpFailed } from './failure.ts';
import { handOver } from './hand-over.ts';
import { createSession, currentSession, shownBy } from './portal-session.ts';
import type { PortalPorts, SignedIn } from './ports.ts';
import { providerWithId, rememberProvider } from './providers.ts';
import { formOf, type PortalAnswer, type PortalRequest, single } from './request.ts';
import { keptState } from './saml/kept-state.ts';
import { answerUnsolicited } from './saml/unsolicited.ts';
import { sendToProvider } from './sign-in.ts';
import { openState, type SignInState } from './sign-in-state.ts';

export const CALLBACK_PATH = '/callback/';

/** Throws ERR_SIGN_IN_INVALID, ERR_IDENTITY_REFUSED, ERR_IDENTITY_PROVIDER_UNREACHABLE, ERR_STEP_UP_FAILED, ERR_STORE_UNAVAILABLE. */
export const callback = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const isPosted = request.method === 'POST';
  const returned = isPosted ? formOf(request) : request.query;
  const sealed = isPosted ? keptState(request, single(returned, 'RelayState')) : single(returned, 'state');
  if (isPosted && sealed === null) {
    const asked = providerWithId(ports, request.path.slice(CALLBACK_PATH.length));
    const anew = asked && (await answerUnsolicited(ports, request, asked, returned));
    if (anew !== null) return anew;
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in was begun in another browser, or cookies are blocked.');
  }
  const state = await openState(sealed, await ports.stateKey(), ports.now());
  try {
    return await finish(ports, request, state, sealed ?? '', returned);
  } catch (error) {
    // From here on it is known where the user wanted to go.
    // Tried again, a user of several providers may choose another.
    const cookies = ports.providers.length === 1 ? [] : [clearCookie(PROVIDER_COOKIE)];
    throw new FailureWithWayOut(error, state.target?.to ?? `${ports.portalUrl}/`, cookies);
  }
};

const finish = async (
  ports: PortalPorts,
  request: PortalRequest,
  state: SignInState,
  sealed: string,
  returned: URLSearchParams,
): Promise<PortalAnswer> => {
  const browser = readSecret(request, BROWSER_COOKIE);
  const isOwn = browser !== null && timingSafeEqual(Buffer.from(digest(browser)), Buffer.from(state.browser));
  // What a form brought may not lead on to the provider: the policy of the page that sent it stops the browser there.
  if (browser === null || (!isOwn && request.method !== 'GET')) {
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in was begun in another browser, or cookies are blocked.');
  }
  // An answer that comes back elsewhere than where it was asked is another provider's: it must not reach this one (mix-up).
  const provider = providerWithId(ports, state.provider);
  if (provider === null || request.path !== CALLBACK_PATH + state.provider) {
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in was begun at another sign-in service.');
  }
  // Tabs that began at once each set the cookie, and the last one's is there: this one begins anew with it, and what it brought counts
  // for nothing. A browser that keeps no cookies never comes here, so it does not go round and round.
  if (!isOwn) {
    return sendToProvider(ports, request, provider, state.target, { loginHint: null, domainHint: null });
  }
  const { profile } = provider;
  const stepUp = state.target?.stepUp ?? null;
  const signedIn = await provider.redeem(returned, {
    state: sealed,
    nonce: state.nonce,
    verifier: state.verifier,
    ...(stepUp === null || stepUp.withinSeconds === null ? {} : { maxAge: stepUp.withinSeconds }),
  });
  if (groupsAreElsewhere(signedIn.claims, profile.claims)) {
    ports.log.warn('sign-in.groups-left-out', {
      provider: profile.id,
      claim: profile.claims.groups,
      advice: 'Limit the groups in the token to assigned ones, or write groupsFrom: graph.',
    });
  }

  const known = await currentSession(ports, request);
  const enough = (shown: Parameters<typeof satisfies>[0]): boolean => stepUp === null || satisfies(shown, stepUp, ports.now());
  if (known !== null && isOfAnotherTab(known, state, signedIn) && enough(known)) return handOver(ports, known, state.target);
  // Before the application is asked again, which would send the browser here again. What was there before stays as it was.
  if (!enough(shownBy(profile, signedIn))) throw new StepUpFailed(toUser(signedIn.claims, profile).username, describeStepUp(stepUp!));
  // The same user has shown more: what was begun before goes on, and ends with the new session.
  const takesOver = known !== null && stepUp !== null && isSameUser(known, signedIn);
  const { session, cookie } = await createSession(ports, request, profile, signedIn, takesOver ? known.id : undefined);
  ports.log.info('sign-in.completed', {
    provider: profile.id,
    amr: session.user.amr,
    audit: { kind: stepUp === null ? 'sign-in' : 'step-up', user: session.user.username, protocol: profile.protocol, mfa: session.mfa },
  });
  // One portal session for each browser: signing out later must end all that was begun here.
  if (known !== null && !takesOver) await ports.sessions.revoke(known.id);
  return handOver(ports, session, state.target, [cookie, ...rememberProvider(ports, provider)]);
};

/** Two tabs signed in at once: the second one joins the session that the first one got meanwhile, instead of ending it. */
const isOfAnotherTab = (known: Session, { startedAt }: SignInState, signedIn: SignedIn): boolean =>
  known.createdAt >= startedAt && isSameUser(known, signedIn);

const isSameUser = ({ user }: Session, { claims }: SignedIn): boolean => user.issuer === claims.iss && user.subject === claims.sub;

const describeStepUp = ({ mfa, withinSeconds }: StepUp): string =>
  `The sign-in service did not show ${mfa ? 'a second factor' : `a sign-in of the last ${withinSeconds} s`}.`;
