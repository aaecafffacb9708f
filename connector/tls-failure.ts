// What an origin's TLS failed of, in words that name what helps.
import type { OriginTls } from './origin-tls.ts';

/** Alerts (RFC 8446 §6.2) about the certificate of whoever calls. */
const ABOUT_OURS = /ALERT_(?:NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;
const TOO_OLD = /(?:ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW)$/;
const TOO_WEAK =
  /(?:_KEY_TOO_SMALL|_MD_TOO_WEAK|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|WRONG_SIGNATURE_TYPE|NO_SUITABLE_DIGEST_ALGORITHM|LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED)$/;
const REFUSED = /ALERT_HANDSHAKE_FAILURE$/;
const NOTHING_IN_COMMON = /ALERT_INSUFFICIENT_SECURITY$|NO_SHARED_CIPHER$|NO_CIPHERS_AVAILABLE$/;

/** `shown`: whether the origin had shown its certificate by then, so that version and cipher were agreed on. */
export const tlsFailure = (code: string, { minimum, clientCertificate }: OriginTls, shown: boolean): string => {
  if (ABOUT_OURS.test(code) || (REFUSED.test(code) && shown)) {
    return clientCertificate === null
      ? 'it requires a client certificate; name one for it with --client-certificates'
      : 'it does not accept the client certificate that --client-certificates names for it: expired, of an authority that it does not know, or for another use';
  }
  if (TOO_OLD.test(code)) {
    return minimum < '1.2'
      ? `it speaks no TLS ${minimum} or later`
      : `it speaks no TLS ${minimum} or later, only an older version; update it, or allow what it speaks with --tls-minimum, such as https://old.corp=1.0`;
  }
  if (TOO_WEAK.test(code)) {
    return 'its keys, hashes or renegotiation are too weak for TLS today; update it, or put up with them with --tls-minimum, such as https://old.corp=1.0';
  }
  if (REFUSED.test(code) || NOTHING_IN_COMMON.test(code)) return 'it has no cipher in common with this connector';
  return 'it does not speak TLS as expected; is http:// meant?';
};
