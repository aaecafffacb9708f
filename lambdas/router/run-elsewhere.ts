// Whether a request that failed at one connector may go to another: only where it was not carried out, or HTTP says that it may be carried out
// twice.
import type { SallyportError } from '../../protocol/errors.ts';
import type { ErrorFrame } from '../../protocol/frames.ts';

/** What a connector says when it has not carried the request out: it may go to another, whatever the method. */
export const NOT_CARRIED_OUT: ReadonlySet<string> = new Set([
  'ERR_CONNECTOR_DRAINING',
  'ERR_CONNECTOR_BUSY',
  'ERR_FRAME_EXPIRED',
  // It could not sign the user in, for reasons of its own.
  'ERR_KERBEROS_KDC',
  'ERR_KERBEROS_CREDENTIALS',
  'ERR_KERBEROS_UNAVAILABLE',
  'ERR_CREDENTIALS_UNREADABLE',
]);

/** What older connectors, which do not tell whether they have sent anything, say only before they do. */
const ALWAYS_UNSENT: ReadonlySet<string> = new Set(['ERR_ORIGIN_NOT_ALLOWED', 'ERR_ORIGIN_CERTIFICATE']);

/** Whether the connector may not or cannot reach the origin, so that nothing of the request has come there. */
export const isUnreached = ({ code, unsent = ALWAYS_UNSENT.has(code) }: Pick<ErrorFrame, 'code' | 'unsent'>): boolean =>
  unsent && code.startsWith('ERR_ORIGIN_');

/** RFC 9110 §9.2.2. */
export const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** The connector or its link failed, so another connector may do better. */
const CONNECTOR_FAILED: ReadonlySet<string> = new Set(['ERR_CONNECTOR_SILENT', 'ERR_EXCHANGE_LOST', 'ERR_EXCHANGE_UNKNOWN']);
/** Another tunnel of the same connector leads to the same end. */
export const SAME_FOR_CONNECTOR: ReadonlySet<string> = new Set([
  'ERR_ORIGIN_UNREACHABLE',
  'ERR_KERBEROS_KDC',
  'ERR_KERBEROS_CREDENTIALS',
  'ERR_KERBEROS_UNAVAILABLE',
  'ERR_CREDENTIALS_UNREADABLE',
]);

/** Of two connectors' failures, the one to report: a connector that may not reach the origin is often one that was never meant to. */
export const moreTelling = (before: SallyportError | null, now: SallyportError): SallyportError =>
  before?.code.startsWith('ERR_ORIGIN_') && now.code === 'ERR_ORIGIN_NOT_ALLOWED' ? before : now;

/** How one connector failed. */
export interface Failed {
  readonly error: SallyportError;
  /** The request was refused before anything was done with it. */
  readonly notCarriedOut: boolean;
  /** The connector may not or cannot reach the origin: the request has not come there. */
  readonly unreached: boolean;
  /** It is unknown whether the request was delivered. */
  readonly postFailed: boolean;
  /** What the log has of it besides. */
  readonly told: Readonly<Record<string, unknown>>;
}

/** `method`: null for what may never be carried out twice. */
export const mayRunElsewhere = (method: string | null, { error, notCarriedOut, unreached, postFailed }: Failed): boolean => {
  if (notCarriedOut || unreached) return true;
  if (method === null || !IDEMPOTENT.has(method)) return false;
  return CONNECTOR_FAILED.has(error.code) || error.code === 'ERR_ORIGIN_UNREACHABLE' || postFailed;
};
