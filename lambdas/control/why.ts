// `POST /control/decisions`: what the router would decide on a request, by the router's own reading of it and the same policy.

import { decide } from '../../policy/decide.ts';
import { evaluatorFor } from '../../policy/evaluate.ts';
import type { DecisionReport } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { parseSituation } from '../../tenants/expectations.ts';
import { canonicalPath } from '../router/canonical-path.ts';
import { canonicalHost, canonicalMethod } from '../router/canonical-request.ts';
import { methodOverrides } from '../router/method-overrides.ts';
import { resolve } from '../router/resolve.ts';
import type { Directory } from '../stores/records.ts';

/** Throws ERR_REQUEST_INVALID, ERR_APPLICATION_UNKNOWN, ConfigurationError: what the router would refuse is refused here, too. */
export const why = async (raw: unknown, directory: Pick<Directory, 'applicationsOn'>): Promise<DecisionReport> => {
  const { method, url, situation } = readQuestion(raw);
  const facts = parseSituation(situation, 'The question');
  const [, host = '', path = '/', query = ''] = /^https?:\/\/([^/?#]*)([^?#]*)([^#]*)/i.exec(url) ?? [];
  const request = { method: canonicalMethod(method), host: canonicalHost([['Host', host]]), path: canonicalPath(path === '' ? '/' : path) };

  const resolved = await resolve(directory, request);
  if ('slash' in resolved) return why({ method, url: url.replace(path, resolved.slash), situation }, directory);
  const { application } = resolved;
  const { outcome, rule, examined } = decide(
    application,
    { ...request, overrides: methodOverrides([], query) },
    facts,
    await evaluatorFor(application),
  );
  return { application: application.id, request, outcome, rule, examined };
};

const readQuestion = (raw: unknown): { readonly method: string; readonly url: string; readonly situation: unknown } => {
  const { method, url, situation } = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  if (typeof method === 'string' && typeof url === 'string' && /^https?:\/\//i.test(url)) return { method, url, situation };
  throw new SallyportError('ERR_REQUEST_INVALID', 'A method, an http or https URL and a situation were expected.');
};
