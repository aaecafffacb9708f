// A request without a session: a page load is sent to sign in at the portal, a program gets 401 with the address.
// The browser keeps a secret whose digest goes along, so that only the browser that began a sign-in can end it.

import type { StepUp } from '../../policy/decide.ts';
import { returnAddress } from '../../protocol/kept-place.ts';
import { RETURN_MAX_CHARACTERS } from '../../protocol/limits.ts';
import { digest } from '../keys.ts';
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import { redirect } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cookieValues, isSecret, SIGN_IN_COOKIE, setCookie } from './cookies.ts';
import { type ErrorAnswerOptions, errorAnswer } from './error-page.ts';
import type { ExternalUrls } from './external-url.ts';

import { isFormFromElsewhere } from './forms-from.ts';
import { fragmentPage, hasFragment, isForm, isOwnForm, keptFormPage, SIGNED_IN_PATH, sentAgainPage } from './sign-in-page.ts';

export const SIGN_IN_LIFETIME_S = 600;
/** Nor is there a way back to what the portal takes for an attempt to lead elsewhere (return-url.ts). */
const RETURNABLE = /^\/(?!\/)[^\\]*$/;

/** As OpenID Connect and Entra ID call them. */
const HINTS = ['login_hint', 'domain_hint'];
const HINT_MAX_CHARACTERS = 254;

export interface SignInPorts {
  readonly urls: ExternalUrls;
  readonly newSecret: () => string;
}

/** What binds a sign-in to this browser. Reused, so that two tabs can sign in at once and a hundred requests leave one cookie (oauth2-proxy#2163). */
export const signInCookie = ({ headers }: Pick<CanonicalRequest, 'headers'>, newSecret: () => string) => {
  const known = cookieValues(headers, SIGN_IN_COOKIE).filter(isSecret);
  const secret = known.length === 1 ? known[0]! : newSecret();
  return { secret, cookie: setCookie(SIGN_IN_COOKIE, secret, SIGN_IN_LIFETIME_S) };
};

export const signInAnswer = (
  { urls, newSecret }: SignInPorts,
  request: CanonicalRequest,
  application: Pick<Application, 'path' | 'formsFrom'>,
  options: ErrorAnswerOptions,
  stepUp: StepUp | null = null,
): Answer => {
  const { secret, cookie } = signInCookie(request, newSecret);
  const wanted = request.path + request.query;
  const returnable = RETURNABLE.test(wanted);
  // Once more encoded, an address may grow threefold.
  const fits = wanted.length <= RETURN_MAX_CHARACTERS && encodeURIComponent(wanted).length <= 2 * RETURN_MAX_CHARACTERS;
  const origin = urls.origin(request.host);
  const to = origin + (returnable && fits ? wanted : application.path);
  // The address to return to is the last: a page may append a fragment to it.
  const urlTo = (address: string) =>
    `${urls.portal}/sign-in?challenge=${digest(secret)}${stepUp === null ? '' : stepUpQuery(stepUp)}${hintQuery(request.query)}&to=${encodeURIComponent(address)}`;
  const url = urlTo(to);

  if (isOwnForm(request)) return keptFormPage(options.look, request, origin, urlTo(origin + SIGNED_IN_PATH), cookie);
  if (isForm(request) && isFormFromElsewhere(application, request, urls.portal)) return sentAgainPage(options.look, request, origin);
  if (options.pageLoad && request.method !== 'GET' && request.method !== 'HEAD') {
    const link = { url: urlTo(origin + application.path), text: 'Sign in' };
    const refusal = errorAnswer({ ...options, code: 'ERR_FORM_NOT_KEPT', link });
    return { ...refusal, headers: [...refusal.headers, cookie] };
  }
  if (returnable && hasFragment(request)) {
    return fragmentPage(options.look, { url, fits, kept: urlTo(returnAddress(origin, application.path)) }, cookie);
  }
  if (options.pageLoad) return redirect(302, url, [cookie]);
  const refusal = errorAnswer({ ...options, code: stepUp === null ? 'ERR_SIGN_IN_REQUIRED' : 'ERR_STEP_UP_REQUIRED' });
  // RFC 9110 §15.5.2 wants a challenge; a scheme that browsers do not know opens no password box.
  const challenge = stepUp === null ? 'Sallyport' : `Sallyport ${stepUpChallenge(stepUp)}`;
  return {
    ...refusal,
    headers: [...refusal.headers, cookie, ['WWW-Authenticate', challenge], ['Sallyport-Sign-In', url]],
  };
};

/** A link may say whom it is for: the portal then asks nobody which identity provider is theirs. */
const hintQuery = (query: string): string => {
  const given = new URLSearchParams(query);
  const hints = HINTS.flatMap((name) => {
    const [value, ...further] = given.getAll(name);
    return value === undefined || further.length > 0 || value.length > HINT_MAX_CHARACTERS ? [] : [`&${name}=${encodeURIComponent(value)}`];
  });
  return hints.join('');
};

const stepUpQuery = ({ mfa, withinSeconds }: StepUp): string =>
  `${mfa ? '&mfa=1' : ''}${withinSeconds === null ? '' : `&max_age=${withinSeconds}`}`;

/** As RFC 9470 §3 has it for bearer tokens. */
const stepUpChallenge = ({ withinSeconds }: StepUp): string =>
  `error="insufficient_user_authentication"${withinSeconds === null ? '' : `, max_age="${withinSeconds}"`}`;
