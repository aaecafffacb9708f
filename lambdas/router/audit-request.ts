// What the audit is told of a request that did not get what it asked for. Allowed exchanges are not told of one by one: each has its own
// line already (`exchange.finished`), and the session that it belongs to was told of.
import type { AuditFact } from '../../protocol/audit.ts';
import { ERRORS, type SallyportError } from '../../protocol/errors.ts';
import { AccessRefused } from './authorise.ts';
import type { CanonicalRequest } from './canonical-request.ts';

export interface Asked {
  readonly method: string;
  readonly host?: string;
  readonly path?: string;
  readonly user?: string;
  readonly application?: string;
}

/** Of a request that could be read, or of what is known of one that could not. */
export const askedBy = (
  request: CanonicalRequest | null,
  method: string,
  { user, application }: Pick<Asked, 'user' | 'application'>,
): Asked => (request === null ? { method } : { method: request.method, host: request.host, path: request.path, user, application });

/** Undefined where nothing was refused: something failed, or the user has gone. Beyond a limit it was told of once. */
export const refusalOf = (asked: Asked, error: SallyportError): AuditFact | undefined => {
  const { code } = error;
  if (ERRORS[code].hop !== 'user' || code === 'ERR_USER_GONE' || code === 'ERR_RATE_LIMITED') return undefined;
  if (code === 'ERR_SIGN_IN_INVALID') return { kind: 'sign-in', user: null };
  const rule = error instanceof AccessRefused ? error.rule : undefined;
  return { kind: asked.application === undefined ? 'refusal' : 'decision', ...asked, status: ERRORS[code].status, rule };
};

/** The user is asked for more than the session shows. */
export const challengeOf = (asked: Asked, status: number): AuditFact => ({ kind: 'decision', ...asked, status, challenged: true });
