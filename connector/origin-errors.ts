// What went wrong between connector and origin, as a code: told to the user by its sentence, to the administrator with the cause.
import { errors } from 'undici';
import { type ErrorCode, SallyportError } from '../protocol/errors.ts';
import { DEFAULT_TLS, type OriginTls } from './origin-tls.ts';
import { tlsFailure } from './tls-failure.ts';

/** Node's and undici's error codes that say more than whether there was a connection. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_HEADERS_TIMEOUT: 'ERR_ORIGIN_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'ERR_ORIGIN_TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'ERR_ORIGIN_INVALID',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'ERR_REQUEST_INVALID',
  UND_ERR_INVALID_ARG: 'ERR_REQUEST_INVALID',
  UND_ERR_NOT_SUPPORTED: 'ERR_REQUEST_INVALID',
  EPROTO: 'ERR_ORIGIN_TLS',
};

/** OpenSSL's verdicts on a certificate, and Node's on its names. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/;

/** Alerts (RFC 8446 §6.2) with which an origin ends a handshake: with TLS 1.3 they come when a request may have been written already, but not read. */
const HANDSHAKE_ALERT =
  /^ERR_SSL_\w*ALERT_(?:HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)$/;

/**
 * The SallyportError for whatever the HTTP client rejected with; ours, wherever in the chain of causes, is kept. `connected`: whether the
 * request had a connection. Of what is not known, that alone is told apart.
 */
export const originError = (origin: string, error: unknown, connected: boolean, tls: OriginTls = DEFAULT_TLS(origin)): SallyportError => {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof SallyportError) return at;
  }
  const code = codeOf(error);
  const explanation = isOfTls(code) && (!connected || HANDSHAKE_ALERT.test(code)) ? tlsFailure(code, tls, connected) : explain(code);
  return failure(traitOf(code, connected), origin, explanation, error);
};

/** The same of a handshake. `shown`: whether the origin had shown its certificate by then. */
export const handshakeError = (origin: string, error: Error, tls: OriginTls, shown: boolean): Error =>
  isOfTls(codeOf(error)) ? failure('ERR_ORIGIN_TLS', origin, tlsFailure(codeOf(error), tls, shown), error) : error;

const failure = (code: ErrorCode, origin: string, explanation: string, cause: unknown): SallyportError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SallyportError(code, `${origin}: ${explanation === '' ? '' : `${explanation}. `}${message}`, { cause });
};

const isOfTls = (code: string): boolean => code.startsWith('ERR_SSL_') || code === 'EPROTO';

/** Whether the origin refused the handshake: then it has read nothing of what was sent over the connection. */
export const refusedHandshake = ({ cause }: SallyportError): boolean => HANDSHAKE_ALERT.test(codeOf(cause));

/** Whether a certificate was refused, by Node's or OpenSSL's error code. */
export const isCertificateFailure = (code: unknown): boolean => typeof code === 'string' && CERTIFICATE.test(code);

const traitOf = (code: string, connected: boolean): ErrorCode => {
  if (isCertificateFailure(code)) return 'ERR_ORIGIN_CERTIFICATE';
  if (isOfTls(code) && (!connected || HANDSHAKE_ALERT.test(code))) return 'ERR_ORIGIN_TLS';
  // llhttp's verdicts, and OpenSSL's on what follows a handshake: it does not speak what was expected of it.
  if (code.startsWith('HPE_') || code.startsWith('ERR_SSL_')) return 'ERR_ORIGIN_INVALID';
  return CODES[code] ?? (connected ? 'ERR_ORIGIN_ABORTED' : 'ERR_ORIGIN_UNREACHABLE');
};

const explain = (code: string): string =>
  isCertificateFailure(code) ? 'its certificate was refused; trust its authority with --ca-file, or correct the certificate' : '';

/** Several attempts at several addresses fail as one AggregateError. */
const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  // Its own code is missing where llhttp's message was replaced.
  if (error instanceof errors.HTTPParserError) return `HPE_${error.code ?? ''}`;
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
};
