// `GET /sign-in?to&challenge`: an application host sends the browser here. With a portal session it goes straight back with a code,
// else to the identity provider first. With `through` the code is for that host, on the way to `to`. Without `to`, the portal itself is where the sign-in leads.

import type { StepUp } from '../../policy/decide.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { satisfies, stepUpParameters } from '../identity/second-factor.ts';
import { digest } from '../keys.ts';
import { BROWSER_COOKIE, readSecret, setCookie } from './cookies.ts';
import { FailureWithWayOut } from './failure.ts';
import { handOver } from './hand-over.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { type PortalAnswer, type PortalRequest, redirectTo, single } from './request.ts';
import { checkReturnUrl } from './return-url.ts';
import { SIGN_IN_LIFETIME_MS, type SignInTarget, sealState } from './sign-in-state.ts';

/** SHA-256, base64url. */
const CHALLENGE = /^[\w-]{43}$/;

/** Throws ERR_REQUEST_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE, ERR_STORE_UNAVAILABLE. */
export const signIn = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const target = await readTarget(ports, request.query);
  const session = await currentSession(ports, request);
  if (session !== null && (!target?.stepUp || satisfies(session, target.stepUp, ports.now()))) return handOver(ports, session, target);
  try {
    return await beginSignIn(ports, request, target);
  } catch (error) {
    throw new FailureWithWayOut(error, target?.to ?? `${ports.portalUrl}/`);
  }
};

export const beginSignIn = async (ports: PortalPorts, request: PortalRequest, target: SignInTarget | null): Promise<PortalAnswer> => {
  const { provider, secondFactor, stateKey, now, randomSecret } = ports;
  // Kept while it is good, so that sign-ins in two tabs do not spoil each other.
  const browser = readSecret(request, BROWSER_COOKIE) ?? randomSecret();
  const verifier = randomSecret();
  const nonce = randomSecret();
  const state = await sealState({ target, verifier, nonce, browser: digest(browser), startedAt: now() }, await stateKey());
  const further = target?.stepUp ? stepUpParameters(target.stepUp, secondFactor) : {};
  return redirectTo(await provider.signInUrl({ state, nonce, verifier }, further), [
    setCookie(BROWSER_COOKIE, browser, SIGN_IN_LIFETIME_MS),
  ]);
};

const readTarget = async ({ directory, portalUrl }: PortalPorts, query: URLSearchParams): Promise<SignInTarget | null> => {
  if (!query.has('to') && !query.has('challenge')) return null;
  const url = await checkReturnUrl(directory, portalUrl, single(query, 'to'));
  const challenge = single(query, 'challenge');
  if (challenge === null || !CHALLENGE.test(challenge)) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The sign-in lacks its challenge: open the application itself.');
  }
  return { to: url.href, through: readThrough(query), challenge, stepUp: readStepUp(query) };
};

/** Whether the application at `to` calls that host is seen when the user is known. */
const readThrough = (query: URLSearchParams): string | null => {
  if (!query.has('through')) return null;
  const host = single(query, 'through');
  if (host !== null && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host)) return host;
  throw new SallyportError('ERR_REQUEST_INVALID', 'The host to pass through is none.');
};

/** The router's word by way of the browser. Who changes it gets a session that the router finds wanting once more. */
const readStepUp = (query: URLSearchParams): StepUp | null => {
  const [mfa, age] = [single(query, 'mfa'), single(query, 'max_age')];
  if (mfa === null && age === null) return null;
  if ((mfa !== null && mfa !== '1') || (age !== null && !/^[1-9]\d{0,5}$/.test(age))) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The sign-in asks for something unknown: open the application itself.');
  }
  return { mfa: mfa !== null, withinSeconds: age === null ? null : Number(age) };
};
