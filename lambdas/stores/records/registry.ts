// The registry: connectors, what they enrol and dial with, and their tunnels.
import type { OriginReport } from '../../../protocol/tunnel-messages.ts';

export interface Connector {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  /** Public keys: `signingKey` (ES256) proves who it is, `sealingKey` (ECDH-ES) is what the service seals to. */
  readonly signingKey: JsonWebKey;
  readonly sealingKey: JsonWebKey;
  readonly enrolledAt: number;
  readonly version: string;
  readonly seenAt: number;
}

/** A public key as JSON (RFC 7517). */
export type JsonWebKey = { readonly kty: string; readonly [member: string]: unknown };

export interface EnrolmentCode {
  /** SHA-256 of the code's secret, base64url. */
  readonly id: string;
  readonly group: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What a connector dials with, once. */
export interface Dial {
  readonly connector: string;
  /** The token's own id (`jti`). */
  readonly id: string;
  /** When the token is refused for its age. */
  readonly expiresAt: number;
}

/** One WebSocket of a connector to the Tunnel API. */
export interface Tunnel {
  readonly connectionId: string;
  readonly connector: string;
  readonly group: string;
  readonly openedAt: number;
  readonly seenAt: number;
  /** Two hours after `openedAt`: API Gateway has closed it by then. */
  readonly expiresAt: number;
  readonly draining: boolean;
  /** Its connector knows a key for each direction; older ones do not. */
  readonly keysApart?: true;
}

/** What a connector knows of the origins of its group. */
export interface ConnectorReports {
  readonly connector: string;
  readonly origins: readonly OriginReport[];
}

export interface Registry {
  createEnrolmentCode(code: EnrolmentCode): Promise<void>;
  /** Takes the code so that nobody can take it again; null when unknown, used or expired. */
  takeEnrolmentCode(id: string): Promise<EnrolmentCode | null>;
  addConnector(connector: Connector): Promise<void>;
  findConnector(id: string): Promise<Connector | null>;
  connectors(): Promise<readonly Connector[]>;
  /** Answers the connection ids of its tunnels, which are gone from the registry and may still be open. */
  removeConnector(connector: Pick<Connector, 'id' | 'group'>): Promise<readonly string[]>;
  /** False when this dial was taken before: a token is good for one tunnel. */
  takeDial(dial: Dial): Promise<boolean>;
  /** Adds the tunnel, or refreshes `seenAt`; also notes the connector's `seenAt` and `version`. */
  saveTunnel(tunnel: Tunnel, version: string): Promise<void>;
  drainTunnel(tunnel: Pick<Tunnel, 'group' | 'connector' | 'connectionId'>): Promise<void>;
  removeTunnel(tunnel: Pick<Tunnel, 'group' | 'connector' | 'connectionId'>): Promise<void>;
  /** In place of what it reported before. */
  saveReports(connector: Pick<Tunnel, 'connector' | 'group'>, origins: readonly OriginReport[]): Promise<void>;
  /** Of the group's connectors, also of those without a tunnel. */
  reports(group: string): Promise<readonly ConnectorReports[]>;
  /** Tunnels of the group that have not expired, draining ones included. */
  tunnels(group: string): Promise<readonly Tunnel[]>;
}
