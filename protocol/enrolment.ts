// How a connector becomes known (D7): `POST <portal>/connectors/enrol`, once, with the code that an administrator made.
// The code is a URL, `https://<portal host>/connectors/enrol#<secret>`: where to post, and the secret that no request line shows.

/** A public key as JSON (RFC 7517): EC, P-256, no private member. */
export interface PublicKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface EnrolmentRequest {
  /** The secret of the code. */
  readonly code: string;
  /** What administrators call the connector: see CONNECTOR_NAME. */
  readonly name: string;
  /** The connector's release. */
  readonly version: string;
  /** ES256: signs every dial. */
  readonly signingKey: PublicKey;
  /** ECDH-ES: what the service seals to. */
  readonly sealingKey: PublicKey;
  /** Compact JWS (ES256, by the signing key) over `EnrolmentProof`: the keys belong together, and to this code. */
  readonly proof: string;
}

export interface EnrolmentProof {
  /** SHA-256 of the secret, base64url. */
  readonly code: string;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the sealing key. */
  readonly sealingKey: string;
  /** Seconds since the epoch, by the connector's clock. */
  readonly iat: number;
}

export interface EnrolmentAnswer {
  /** The connector's id: letters, digits, `-` and `_`. */
  readonly connector: string;
  readonly tenant: string;
  readonly group: string;
  /** What the connector dials, `wss://…`. */
  readonly tunnelUrl: string;
}

/** The secret of a code: 256 bits, base64url. */
export const ENROLMENT_SECRET = /^[\w-]{43}$/;
export const CONNECTOR_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
export const CONNECTOR_VERSION = /^[\w.+-]{1,64}$/;

/** How far a connector's clock may be off. */
export const CLOCK_TOLERANCE_MS = 60_000;
