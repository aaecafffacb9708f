// `POST /control/decisions`: what the router would decide on a request, by the router's own reading of it and the same policy.

import { decide } from '../../policy/decide.ts';
import { evaluatorFor } from '../../policy/evaluate.ts';
import type { DecisionReport } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { parseSituation } from '../../tenants/expectations.ts';
import { shown } from '../../tenants/faults.ts';
import { canonicalPath } from '../router/canonical-path.ts';
import { canonicalHost, canonicalMethod } from '../router/canonical-request.ts';
import { methodOverrides } from '../router/method-overrides.ts';
import { isReserved } from '../router/reserved.ts';
import { resolve } from '../router/resolve.ts';
import type { Directory, Session, Sessions } from '../stores/records.ts';

export interface WhyPorts {
  readonly directory: Pick<Directory, 'applicationsOn'>;
  readonly sessions: Pick<Sessions, 'withHandle' | 'find'>;
}

/** In place of a session's id. */
const LAST = 'last';
/** What API Gateway carries: others never reach the router. */
const CARRIED: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/** Throws ERR_REQUEST_INVALID, ERR_APPLICATION_UNKNOWN, ERR_CONTROL_UNKNOWN, ConfigurationError: what would be refused is refused here, too. */
export const why = async (raw: unknown, { directory, sessions }: WhyPorts): Promise<DecisionReport> => {
  const { method, url, situation, session: which } = readQuestion(raw);
  if (!CARRIED.has(method))
    throw new SallyportError('ERR_REQUEST_INVALID', `${method} is never forwarded: ${[...CARRIED].join(', ')} are.`);
  const supposed = parseSituation(situation, 'The question');
  const session = which === null ? null : await sessionOf(supposed.user?.username ?? '', which, sessions);
  const facts =
    session === null ? supposed : { ...supposed, user: session.user, mfa: session.mfa, authenticatedAt: session.authenticatedAt };
  const [, host = '', path = '/', query = ''] = /^https?:\/\/([^/?#]*)([^?#]*)([^#]*)/i.exec(url) ?? [];
  if (isReserved(path))
    throw new SallyportError(
      'ERR_REQUEST_INVALID',
      `${path} is never forwarded: paths below /.sallyport/, however they are written, are ours.`,
    );
  const request = { method: canonicalMethod(method), host: canonicalHost([['Host', host]]), path: canonicalPath(path === '' ? '/' : path) };

  const resolved = await resolve(directory, request);
  if ('slash' in resolved)
    return why({ method, url: url.replace(path, resolved.slash), situation, session: which }, { directory, sessions });
  const { application } = resolved;
  const { outcome, rule, examined } = decide(
    application,
    { ...request, overrides: methodOverrides([], query, request.path) },
    facts,
    await evaluatorFor(application),
  );
  const groups = facts.user?.groups ?? [];
  return { application: application.id, request, outcome, rule, examined, supposed: { groups, session: session?.createdAt ?? null } };
};

/** A user has as many as browsers; the last one knows best what the provider says of them. */
const sessionOf = async (username: string, which: string, sessions: WhyPorts['sessions']): Promise<Session> => {
  if (which !== LAST) {
    const session = await sessions.find(which);
    if (session?.user.username === username) return session;
    throw new SallyportError(
      'ERR_CONTROL_UNKNOWN',
      `${username} has no session ${which} (any more): \`sallyport session list\` shows them.`,
    );
  }
  const [last] = (await sessions.withHandle({ username })).toSorted((one, other) => other.createdAt - one.createdAt);
  if (last) return last;
  throw new SallyportError('ERR_CONTROL_UNKNOWN', `${username} is not signed in: have them sign in, or name their groups instead.`);
};

interface Question {
  readonly method: string;
  readonly url: string;
  readonly situation: unknown;
  /** The session that says who the user is: its id, or `last`; null: the situation says it. */
  readonly session: string | null;
}

const readQuestion = (raw: unknown): Question => {
  const { method, url, situation, session = null } = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  if (
    typeof method === 'string' &&
    typeof url === 'string' &&
    /^https?:\/\//i.test(url) &&
    (session === null || typeof session === 'string')
  )
    return { method, url, situation, session };
  throw new SallyportError(
    'ERR_REQUEST_INVALID',
    `A method, an http or https URL such as https://wiki.apps.example.com/, and a situation were expected; the URL was ${shown(url)}.`,
  );
};
