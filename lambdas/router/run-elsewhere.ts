// Whether a request that failed at one connector may go to another: only where it was not carried out, or HTTP says that it may be carried out
// twice.
import type { SallyportError } from '../../protocol/errors.ts';
import type { Exchange } from './exchange.ts';

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

export interface Failed {
  readonly exchange: Pick<Exchange, 'id' | 'connector' | 'course' | 'notCarriedOut' | 'postFailed'>;
  readonly error: SallyportError;
}

export const mayRunElsewhere = (method: string, { exchange, error }: Failed): boolean => {
  if (exchange.notCarriedOut) return true;
  if (!IDEMPOTENT.has(method)) return false;
  return CONNECTOR_FAILED.has(error.code) || error.code === 'ERR_ORIGIN_UNREACHABLE' || exchange.postFailed;
};
