// `/.sallyport/session?code=…`: the browser comes back from the portal. The one-time code becomes this host's own session,
// if the browser is the one that began the sign-in. Always a new session id, so none can be planted (session fixation).
import { timingSafeEqual } from 'node:crypto';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Log } from '../../protocol/log.ts';
import { digest } from '../keys.ts';
import { html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { answerPage } from '../pages/page.ts';
import type { SignInCode } from '../stores/records.ts';
import { type Answer, redirect } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cookieValues, isSecret, SESSION_COOKIE, SIGN_IN_COOKIE, setCookie } from './cookies.ts';
import type { ExternalUrls } from './external-url.ts';
import type { Clock, ReadDirectory, SessionStore } from './ports.ts';
import { applicationsAt } from './resolve.ts';
import { visitUrl } from './sign-in-visit.ts';

const VISITS_IN_A_ROW = 4;

export interface RedeemPorts {
  readonly sessions: SessionStore;
  readonly directory: ReadDirectory;
  readonly look: Look;
  readonly urls: ExternalUrls;
  readonly clock: Pick<Clock, 'now'>;
  readonly newSecret: () => string;
  readonly log: Log;
}

/** Throws ERR_SIGN_IN_INVALID for a code that is not this browser's to use here and now. */
export const redeemSession = async (ports: RedeemPorts, request: CanonicalRequest): Promise<Answer> => {
  if (request.method !== 'GET')
    throw new SallyportError('ERR_METHOD_REFUSED', `A sign-in code came by ${request.method}; GET is expected.`);
  const { code, isOwn } = await takeCode(ports, request, SIGN_IN_COOKIE, () => codeOf(request.query));
  // Tabs that began at once each set the cookie, and the last one's is there. It begins anew, with the cookie that is there; the code is
  // worth nothing to it. A browser that keeps no cookies never comes here, so it does not go round and round.
  if (!isOwn) return redirect(303, await returnUrl(ports, code));
  const { to, secret, maxAgeS } = await openSession(ports, code);
  // The sign-in cookie stays for its ten minutes: another tab may be on its way back.
  return onward(ports, code, to, [setCookie(SESSION_COOKIE, secret, maxAgeS)]);
};

interface Redeemed {
  /** Where the sign-in leads. */
  readonly to: string;
  /** Of the new session. */
  readonly secret: string;
  readonly maxAgeS: number;
}

/** `cookie` binds the code to the browser, or to a frame in it. Throws ERR_SIGN_IN_INVALID. */
export const redeemCode = async (
  ports: RedeemPorts,
  request: CanonicalRequest,
  cookie: string,
  readCode: () => string,
): Promise<Redeemed> => {
  const { code, isOwn } = await takeCode(ports, request, cookie, readCode);
  if (!isOwn) throw invalid('a code for another browser');
  return openSession(ports, code);
};

/** `isOwn`: whether the browser is the one that began. Throws ERR_SIGN_IN_INVALID. */
const takeCode = async (
  { sessions, clock }: RedeemPorts,
  request: CanonicalRequest,
  cookie: string,
  readCode: () => string,
): Promise<{ readonly code: SignInCode; readonly isOwn: boolean }> => {
  const browser = cookieValues(request.headers, cookie);
  // Before the code is taken: a request of another browser (a link preview, a prefetch) does not use it up.
  if (browser.length !== 1 || !isSecret(browser[0]!)) throw invalid('no sign-in cookie of ours, or several');

  const code = await sessions.takeCode(digest(readCode()));
  if (code === null) throw invalid('an unknown, used or expired code');
  if (code.expiresAt <= clock.now()) throw invalid('an expired code');
  if (code.host !== request.host) throw invalid('a code for another host');
  return { code, isOwn: sameText(code.challenge, digest(browser[0]!)) };
};

const openSession = async (ports: RedeemPorts, code: SignInCode): Promise<Redeemed> => {
  const { sessions, clock, newSecret } = ports;
  const parent = await sessions.find(code.parent);
  if (parent === null || parent.expiresAt <= clock.now()) throw invalid('a code whose portal session has ended');
  const to = await returnUrl(ports, code);

  const secret = newSecret();
  const { user, expiresAt, mfa, authenticatedAt } = parent;
  await sessions.create({
    id: digest(secret),
    parent: code.parent,
    host: code.host,
    user,
    createdAt: clock.now(),
    expiresAt,
    mfa,
    authenticatedAt,
  });
  ports.log.info('session.opened', { audit: { kind: 'session', user: user.username, host: code.host } });
  return { to, secret, maxAgeS: Math.floor((expiresAt - clock.now()) / 1000) };
};

/**
 * To the next host to pass through, or to the end. Browsers give up after 20 redirects, three of them for each host: every so often a
 * page that goes on by itself begins a new count.
 */
const onward = ({ urls, look }: RedeemPorts, { visits, visited }: SignInCode, to: string, cookies: HeaderList): Answer => {
  const [next] = visits;
  const location = next === undefined ? to : visitUrl(urls, next, to);
  if (next === undefined || visited === 0 || visited % VISITS_IN_A_ROW > 0) return redirect(303, location, cookies);
  const { statusCode, headers, body } = answerPage({
    title: 'Signing you in …',
    look,
    content: html`<p>The application works together with others. If nothing happens, <a href="${location}">go on</a>.</p>`,
  });
  return { status: statusCode, headers: [...Object.entries(headers), ['Refresh', `0;url=${location}`], ...cookies], body };
};

/** The canonical query is re-encoded by us, so there is one way to read it. */
const codeOf = (query: string): string => {
  const codes = new URLSearchParams(query).getAll('code');
  if (codes.length !== 1 || !isSecret(codes[0]!)) throw invalid('no code, or several');
  return codes[0]!;
};

/**
 * Never anywhere but to a host of ours, whatever the code says (open redirect): after a slash, no authority can be written any more.
 */
const returnUrl = async ({ urls, directory }: RedeemPorts, { host, returnHost, returnTo }: SignInCode): Promise<string> => {
  const isOurs = returnHost === host || (/^[a-z0-9.-]+$/.test(returnHost) && (await applicationsAt(directory, returnHost)).length > 0);
  const url = URL.parse(urls.origin(returnHost) + returnTo);
  if (!isOurs || !returnTo.startsWith('/') || url === null) throw invalid('a code with a foreign return address');
  return url.href;
};

const sameText = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const invalid = (what: string): SallyportError => new SallyportError('ERR_SIGN_IN_INVALID', `The sign-in came back with ${what}.`);
