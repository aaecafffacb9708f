// A failure as the portal answers it: a page with a way out for people, a problem for programs. Of our own faults nothing is told
// but the table's sentence; what the user can do something about is told in full.
import type { AuditFact } from '../../protocol/audit.ts';
import { asSallyportError, ERRORS, type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import { countedAs } from '../limits/source-limits.ts';
import { errorPage, errorProblem } from '../pages/error-answer.ts';
import type { PortalPorts } from './ports.ts';
import { isPageLoad, type PortalAnswer, type PortalRequest } from './request.ts';

/** An error together with the address where the user can begin again, and the cookies that go with it. */
export class FailureWithWayOut extends Error {
  readonly url: string;
  readonly cookies: readonly string[];

  constructor(cause: unknown, url: string, cookies: readonly string[] = []) {
    super('A sign-in failed.', { cause });
    this.url = url;
    this.cookies = cookies;
  }
}

/** The user came back from the provider, and has not shown what was asked for. */
export class StepUpFailed extends SallyportError {
  readonly user: string;

  constructor(user: string, message?: string) {
    super('ERR_STEP_UP_FAILED', message);
    this.user = user;
  }
}

const SIGN_IN_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'ERR_SIGN_IN_INVALID',
  'ERR_IDENTITY_REFUSED',
  'ERR_IDENTITY_PROVIDER_UNREACHABLE',
]);

/** A sign-in that failed, and whatever was refused. Beyond a limit it was told of once. */
const auditOf = ({ method, path }: PortalRequest, error: SallyportError): AuditFact | undefined => {
  const {
    code,
    traits: { hop, status },
  } = error;
  if (error instanceof StepUpFailed) return { kind: 'step-up', user: error.user };
  if (SIGN_IN_FAILURES.has(code)) return { kind: 'sign-in', user: null };
  return hop === 'user' && code !== 'ERR_RATE_LIMITED' ? { kind: 'refusal', method, path, status } : undefined;
};

export const answerFailure = async (
  { look, portalUrl, now, log, limits }: PortalPorts,
  request: PortalRequest,
  thrown: unknown,
): Promise<PortalAnswer> => {
  const hasWayOut = thrown instanceof FailureWithWayOut;
  const failed = asSallyportError(hasWayOut ? thrown.cause : thrown);
  const error = await limits.refused(failed, countedAs(failed), request, log);
  const { status, message } = ERRORS[error.code];
  log[status < 500 ? 'warn' : 'error']('portal.failed', {
    ...{ method: request.method, path: request.path, status, error },
    audit: auditOf(request, error),
  });

  const failure = {
    code: error.code,
    id: request.id,
    time: now(),
    detail: status < 500 && error.message !== message ? error.message : undefined,
    link: hasWayOut ? { url: thrown.url, text: 'Try again' } : { url: `${portalUrl}/`, text: 'Your applications' },
  };
  const answer = isPageLoad(request) ? errorPage(failure, look) : errorProblem(failure);
  return hasWayOut ? { ...answer, cookies: thrown.cookies } : answer;
};
