// Signing in within a frame of another site. Its cookies are kept apart from those of this host's own tabs, and nobody's sign-in page lets
// itself be framed: so the frame opens a tab, where the user signs in as always, and the tab hands a one-time code to the frame that opened it.
// The code is bound to the frame's own cookie, and goes to a window of this very origin only: who else lures a user into that tab gets nothing.
import type { StepUp } from '../../policy/decide.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { satisfies } from '../identity/second-factor.ts';
import { digest } from '../keys.ts';
import type { Look } from '../pages/look.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { Session } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cookieValues, FRAMED_SESSION_COOKIE, FRAMED_SIGN_IN_COOKIE, isSecret, SESSION_COOKIE, setFramedCookie } from './cookies.ts';
import { askInFrame, FRAME_PATH, tellFrame } from './framed-page.ts';
import { isLax } from './framing.ts';
import { applicationsAt } from './resolve.ts';
import { type RedeemPorts, redeemCode } from './session-redeem.ts';
import { SIGN_IN_LIFETIME_S, signInAnswer } from './sign-in-redirect.ts';

const CODE_LIFETIME_MS = 60_000;

/** In place of a redirect to the portal, which would not show itself in a frame. */
export const framedSignInAnswer = (
  { urls, newSecret, look }: Pick<RedeemPorts, 'urls' | 'newSecret' | 'look'>,
  request: CanonicalRequest,
  stepUp: StepUp | null,
): Answer => {
  const known = cookieValues(request.headers, FRAMED_SIGN_IN_COOKIE).filter(isSecret);
  const secret = known.length === 1 ? known[0]! : newSecret();
  const query = new URLSearchParams({ challenge: digest(secret) });
  if (stepUp?.mfa) query.set('mfa', '1');
  if (stepUp?.withinSeconds) query.set('max_age', String(stepUp.withinSeconds));
  const origin = urls.origin(request.host);
  const cookie = setFramedCookie(FRAMED_SIGN_IN_COOKIE, secret, SIGN_IN_LIFETIME_S);
  return askInFrame(look, `${origin}${FRAME_PATH}?${query}`, origin + request.path + request.query, cookie);
};

/** The tab. Throws ERR_APPLICATION_UNKNOWN where nothing may be framed, ERR_METHOD_REFUSED, ERR_REQUEST_INVALID. */
export const answerFrameTab = async (ports: RedeemPorts & { readonly look: Look }, request: CanonicalRequest): Promise<Answer> => {
  if (request.method !== 'GET') throw new SallyportError('ERR_METHOD_REFUSED', `A frame's tab came by ${request.method}; GET is expected.`);
  await mustBeFramed(ports, request);
  const { challenge, stepUp } = readQuery(request.query);
  const session = await sessionHere(ports, request);
  if (session === null || (stepUp !== null && !satisfies(session, stepUp, ports.clock.now()))) {
    const options = { id: request.id, time: ports.clock.now(), look: ports.look, portal: ports.urls.portal, pageLoad: true };
    return signInAnswer(ports, request, { path: '/', formsFrom: [] }, options, stepUp);
  }
  const code = ports.newSecret();
  await ports.sessions.createCode({
    id: digest(code),
    parent: session.parent,
    host: request.host,
    challenge,
    returnHost: request.host,
    returnTo: '/',
    visits: [],
    visited: 0,
    expiresAt: ports.clock.now() + CODE_LIFETIME_MS,
  });
  return tellFrame(ports.look, code);
};

/** The frame brings the code. Throws ERR_SIGN_IN_INVALID, ERR_APPLICATION_UNKNOWN, ERR_METHOD_REFUSED, ERR_REQUEST_INVALID. */
export const redeemFramed = async (ports: RedeemPorts, request: CanonicalRequest): Promise<Answer> => {
  if (request.method !== 'POST')
    throw new SallyportError('ERR_METHOD_REFUSED', `A frame's code came by ${request.method}; POST is expected.`);
  if (!isLax(request)) throw new SallyportError('ERR_REQUEST_INVALID', 'A frame’s code comes from this site’s own page.');
  await mustBeFramed(ports, request);
  const { secret, maxAgeS } = await redeemCode(ports, request, FRAMED_SIGN_IN_COOKIE, () => {
    const code = request.body.toString('latin1');
    if (!isSecret(code)) throw new SallyportError('ERR_SIGN_IN_INVALID', 'The frame brought no code.');
    return code;
  });
  const cookies = [setFramedCookie(FRAMED_SESSION_COOKIE, secret, maxAgeS), setFramedCookie(FRAMED_SIGN_IN_COOKIE, '', 0)];
  return { status: 204, headers: [...Object.entries(SECURITY_HEADERS), ...cookies], body: '' };
};

const mustBeFramed = async ({ directory }: Pick<RedeemPorts, 'directory'>, { host }: CanonicalRequest): Promise<void> => {
  if ((await applicationsAt(directory, host)).some(({ framedBy }) => framedBy.length > 0)) return;
  throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'No application of this host may be framed.');
};

/** Of this host's own tabs, never of a frame, and never from memory. */
const sessionHere = async ({ sessions }: Pick<RedeemPorts, 'sessions'>, { headers, host }: CanonicalRequest): Promise<Session | null> => {
  const secrets = cookieValues(headers, SESSION_COOKIE);
  const session = secrets.length === 1 && isSecret(secrets[0]!) ? await sessions.find(digest(secrets[0]!)) : null;
  return session?.host === host ? session : null;
};

const readQuery = (text: string): { readonly challenge: string; readonly stepUp: StepUp | null } => {
  const query = new URLSearchParams(text);
  const [challenge, mfa, age] = ['challenge', 'mfa', 'max_age'].map((name) => query.getAll(name).join());
  if (!isSecret(challenge!) || !/^1?$/.test(mfa!) || !/^(?:[1-9]\d{0,5})?$/.test(age!))
    throw new SallyportError('ERR_REQUEST_INVALID', 'The frame that this tab belongs to said something else. Open the page again.');
  return { challenge: challenge!, stepUp: mfa === '' && age === '' ? null : { mfa: mfa === '1', withinSeconds: Number(age) || null } };
};
