// `GET /sign-in?to&challenge`: an application host sends the browser here. With a portal session it goes straight back with a code,
// else to an identity provider first. With `through` the code is for that host, on the way to `to`. Without `to`, the portal itself is
// where the sign-in leads. `login_hint` and `domain_hint` pick the provider and go on to it; `choose` has the user pick. `POST /sign-in`
// is what the user picked.

import type { StepUp } from '../../policy/decide.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { satisfies } from '../identity/second-factor.ts';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { askProvider, CHOICE } from './choose-provider.ts';
import { BROWSER_COOKIE, readSecret, setCookie } from './cookies.ts';
import { FailureWithWayOut } from './failure.ts';
import { handOver } from './hand-over.ts';
import { isOwnForm } from './own-form.ts';
import { currentSession } from './portal-session.ts';
import type { IdentityProvider, PortalPorts, SignInWishes } from './ports.ts';
import { providerForDomain, providerOf, providerWithId, usualProvider } from './providers.ts';
import { formOf, type PortalAnswer, type PortalRequest, redirectTo, single } from './request.ts';
import { checkReturnUrl } from './return-url.ts';
import { keepState } from './saml/kept-state.ts';
import { SIGN_IN_LIFETIME_MS, type SignInTarget, sealState } from './sign-in-state.ts';

/** SHA-256, base64url. */
const CHALLENGE = /^[\w-]{43}$/;
/** An e-mail address has 254 at most (RFC 5321 §4.5.3.1.3). */
const HINT_MAX_CHARACTERS = 254;

/** Throws ERR_REQUEST_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE, ERR_STORE_UNAVAILABLE. */
export const signIn = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const target = await readTarget(ports, request.query);
  const session = request.query.has('choose') ? null : await currentSession(ports, request);
  if (session !== null && (!target?.stepUp || satisfies(session, target.stepUp, ports.now()))) return handOver(ports, session, target);
  try {
    return await beginSignIn(ports, request, target, session);
  } catch (error) {
    throw new FailureWithWayOut(error, target?.to ?? `${ports.portalUrl}/`);
  }
};

/** What the user picked on the page that asks. A form that is not this browser's own, or is no longer, leads to that page alone. */
export const pickProvider = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const form = formOf(request);
  const asked = new URLSearchParams(single(form, 'asked') ?? '');
  const target = await readTarget(ports, asked);
  const email = readHint(form, 'email');
  const browser = readSecret(request, BROWSER_COOKIE);
  if (browser === null || !isOwnForm(ports.portalUrl, request, browser, CHOICE)) {
    const text = 'This page was open for long, or your browser keeps no cookies. Please choose once more.';
    return askProvider(ports, request, asked.toString(), { text, email: email ?? '' });
  }
  const provider = email === null ? providerWithId(ports, single(form, 'provider')) : providerForDomain(ports, email);
  if (provider === null) {
    const text = 'Nobody signs in here with an address of this domain. Check it, or choose below.';
    return askProvider(ports, request, asked.toString(), { text, email: email ?? '' });
  }
  try {
    return await sendToProvider(ports, request, provider, target, { ...readHints(asked), ...(email === null ? {} : { loginHint: email }) });
  } catch (error) {
    throw new FailureWithWayOut(error, target?.to ?? `${ports.portalUrl}/`);
  }
};

/** `session`: one that does not show enough. Its own provider is the one to ask for more. */
export const beginSignIn = async (
  ports: PortalPorts,
  request: PortalRequest,
  target: SignInTarget | null,
  session: Session | null,
): Promise<PortalAnswer> => {
  const { query } = request;
  const hints = readHints(query);
  const usual = query.has('choose') && ports.providers.length > 1 ? null : usualProvider(ports, request);
  const provider =
    (session === null ? null : providerOf(ports, session)) ??
    providerForDomain(ports, hints.loginHint) ??
    providerForDomain(ports, hints.domainHint) ??
    usual;
  if (provider !== null) return sendToProvider(ports, request, provider, target, hints);
  const asked = new URLSearchParams(query);
  asked.delete('choose');
  return askProvider(ports, request, asked.toString());
};

export const sendToProvider = async (
  ports: PortalPorts,
  request: PortalRequest,
  provider: IdentityProvider,
  target: SignInTarget | null,
  hints: Omit<SignInWishes, 'stepUp'>,
): Promise<PortalAnswer> => {
  const { stateKey, now, randomSecret } = ports;
  await ports.limits.attempt('sign-in', request, ports.log);
  // Kept while it is good, so that sign-ins in two tabs do not spoil each other.
  const browser = readSecret(request, BROWSER_COOKIE) ?? randomSecret();
  const verifier = randomSecret();
  const nonce = randomSecret();
  const { id } = provider.profile;
  const state = await sealState({ target, provider: id, verifier, nonce, browser: digest(browser), startedAt: now() }, await stateKey());
  return redirectTo(await provider.signInUrl({ state, nonce, verifier }, { ...hints, stepUp: target?.stepUp ?? null }), [
    setCookie(BROWSER_COOKIE, browser, SIGN_IN_LIFETIME_MS),
    ...(provider.profile.protocol === 'saml' ? keepState(request, state) : []),
  ]);
};

/** What is said of the user: it opens nothing, so one that is odd is passed over. */
const readHints = (query: URLSearchParams): Omit<SignInWishes, 'stepUp'> => ({
  loginHint: readHint(query, 'login_hint'),
  domainHint: readHint(query, 'domain_hint'),
});

const readHint = (parameters: URLSearchParams, name: string): string | null => {
  const text = single(parameters, name)?.trim() ?? '';
  return text !== '' && text.length <= HINT_MAX_CHARACTERS && !/\p{Cc}/u.test(text) ? text : null;
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
