// Makes the access token with which the router signs a user in to an application. The router says for which session and host; what is
// exchanged, and for whom, is in the table alone. Nothing of it is logged.
import { asSallyportError, type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import { applicationsAt } from '../router/resolve.ts';
import type { Session, TokenSignOn } from '../stores/records.ts';
import type { AccessToken, IdentityProvider, PortalPorts, Subject } from './ports.ts';
import { RETRY_MS, type RefreshPorts, renewSession } from './refresh-session.ts';
import { accessTokenOf, openToken } from './sealed-token.ts';

/** What the router invokes the portal's function with, and waits for. */
export interface TokenEvent {
  readonly tokenFor: TokenAsk;
}

export interface TokenAsk {
  /** Of the application; the host is the one that the user asked for. */
  readonly application: string;
  readonly host: string;
  /** An application session of that host, or the token that a program came with and the router has checked. */
  readonly by: { readonly session: string } | { readonly token: string; readonly issuer: string; readonly subject: string };
}

export type TokenAnswer = AccessToken | { readonly code: ErrorCode; readonly message: string };

/** A token that ends sooner is not handed out: it would end on its way. */
const ENDING_MS = 30_000;
/** How often another function's work is looked for, and how long it is taken to be at work. */
const LOOK_MS = 250;
const IN_HAND_MS = 10_000;

type TokenPorts = RefreshPorts & Pick<PortalPorts, 'directory' | 'wait'>;

export const applicationToken = async (ports: TokenPorts, { tokenFor: ask }: TokenEvent): Promise<TokenAnswer> => {
  try {
    return await makeToken(ports, ask);
  } catch (thrown) {
    const error = asSallyportError(thrown);
    ports.log.warn('application-token.failed', { application: ask.application, error });
    return { code: error.code, message: error.message };
  }
};

const makeToken = async (ports: TokenPorts, { application: id, host, by }: TokenAsk): Promise<AccessToken> => {
  const application = (await applicationsAt(ports.directory, host)).find((known) => known.id === id);
  if (application?.singleSignOn.method !== 'token')
    throw new SallyportError('ERR_APPLICATION_UNKNOWN', `No application ${id} at ${host} is signed in to by tokens.`);
  const wanted = application.singleSignOn;
  if ('token' in by) return exchanged(providerNamed(ports, by.issuer), by, wanted);

  const session = await ports.sessions.find(by.session);
  if (session?.host !== host) throw ended();
  const own = await accessToken(ports, session.parent);
  const { issuer, subject } = session.user;
  return wanted.grant === 'own' ? own : exchanged(providerNamed(ports, issuer), { token: own.token, subject }, wanted);
};

const exchanged = (provider: IdentityProvider, subject: Subject, { grant, audience, scopes }: TokenSignOn): Promise<AccessToken> => {
  if (provider.exchange === undefined || grant === 'own') throw none(`${provider.profile.issuer} gives no tokens`);
  return provider.exchange(subject, { grant, audience, scopes });
};

const providerNamed = ({ providers }: TokenPorts, issuer: string): IdentityProvider => {
  const provider = providers.find(({ profile }) => profile.issuer === issuer);
  if (provider === undefined) throw none(`${issuer} is no provider of the tenant any more`);
  return provider;
};

/** The user's own, renewed where it is about to end. Of several functions one renews it, and the others take what it got. */
const accessToken = async (ports: TokenPorts, portalSession: string): Promise<AccessToken> => {
  const { sessions, sessionRefreshMs, now, wait } = ports;
  let renewed = false;
  for (;;) {
    const session = await sessions.find(portalSession);
    if (session === null) throw ended();
    const kept = await keptToken(ports, session);
    if (kept !== null) return kept;
    if (session.refreshToken === undefined || sessionRefreshMs === undefined)
      throw none('the session has no refresh token; set sessions.refresh, ask for one by a scope (often offline_access), and sign in anew');
    const claimedAt = session.claimedUntil === session.refreshAt ? session.claimedUntil! - RETRY_MS : Number.NEGATIVE_INFINITY;
    const sinceClaim = now() - claimedAt;
    // It was tried, here or by another function, and nothing came of it: the provider is spared until the next time.
    if (renewed || (sinceClaim >= IN_HAND_MS && sinceClaim < RETRY_MS)) {
      throw new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', 'The identity provider has not renewed the user’s access token.');
    }
    if (sinceClaim < IN_HAND_MS) await wait(LOOK_MS);
    else renewed = await renewSession(ports, session, true);
  }
};

const keptToken = async (ports: TokenPorts, { id, accessToken: sealed, accessTokenUntil = 0 }: Session): Promise<AccessToken | null> => {
  if (sealed === undefined || accessTokenUntil - ports.now() <= ENDING_MS) return null;
  try {
    return { token: openToken(sealed, await ports.refreshTokenKey(), accessTokenOf(id)), goodUntil: accessTokenUntil };
  } catch {
    return null;
  }
};

const ended = (): SallyportError => new SallyportError('ERR_SESSION_ENDED', 'The session has ended.');

const none = (why: string): SallyportError =>
  new SallyportError('ERR_ACCESS_TOKEN_REFUSED', `There is no token for the application: ${why}.`);
