// Third pass: whether this request of this user may go on. The policy decides; here its decision becomes an answer.

import { decide, type StepUp } from '../../policy/decide.ts';
import { evaluatorFor } from '../../policy/evaluate.ts';
import { isNamed } from '../../policy/requirements.ts';
import { type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { Access, Application, User } from '../stores/records.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { methodOverrides } from './method-overrides.ts';

/** Says which rule refused. */
export class AccessRefused extends SallyportError {
  readonly rule: string;

  constructor(code: ErrorCode, message: string, rule: string) {
    super(code, message);
    this.rule = rule;
  }
}

/** Assignment alone, as the portal lists applications. */
export const mayUse = (access: Access, user: User): boolean => access === 'everyone' || isNamed(access, user);

/**
 * Null: it may. Else what the user is to show first. Throws ERR_ACCESS_DENIED, ERR_CONDITION_NOT_MET, ERR_GROUPS_UNKNOWN, ERR_REQUEST_INVALID.
 */
export const authorise = async (
  application: Application,
  request: Pick<CanonicalRequest, 'method' | 'host' | 'path' | 'query' | 'headers' | 'clientAddress' | 'country'>,
  caller: Pick<Caller, 'user' | 'authenticatedAt' | 'mfa' | 'by'> | null,
  now: number,
): Promise<StepUp | null> => {
  const facts = {
    user: caller?.user ?? null,
    clientAddress: request.clientAddress,
    country: request.country,
    now,
    authenticatedAt: caller?.authenticatedAt ?? null,
    mfa: caller?.mfa ?? false,
    by: caller?.by ?? 'browser',
  };
  // Without conditions nothing turns on the method.
  const overrides = application.conditions.length === 0 ? [] : methodOverrides(request.headers, request.query, request.path);
  const decision = decide(application, { ...request, overrides }, facts, await evaluatorFor(application));
  if (decision.outcome === 'allow') return null;
  if (decision.outcome === 'step up') return decision.stepUp;
  const who = caller?.user.username ?? 'Nobody in particular';
  if (decision.examined.at(-1)?.findings.some(({ lacksGroups }) => lacksGroups))
    throw new AccessRefused(
      'ERR_GROUPS_UNKNOWN',
      `“${decision.rule}” of ${application.id} turns on groups of ${who} that the sign-in service left out.`,
      decision.rule,
    );
  if (decision.rule === 'access')
    throw new AccessRefused('ERR_ACCESS_DENIED', `Nothing in the access of ${application.id} names ${who}.`, 'access');
  throw new AccessRefused('ERR_CONDITION_NOT_MET', `${who} does not meet “${decision.rule}” of ${application.id}.`, decision.rule);
};
