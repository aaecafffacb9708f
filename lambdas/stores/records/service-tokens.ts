// Tokens of our own, for programs.

export interface ServiceToken {
  /** SHA-256 of its secret, base64url. */
  readonly id: string;
  readonly name: string;
  /** Ids of the applications that it is for. */
  readonly applications: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who made it: an AWS ARN. */
  readonly createdBy: string;
}

export interface ServiceTokens {
  create(token: ServiceToken): Promise<void>;
  /** Those that have not expired. */
  all(): Promise<readonly ServiceToken[]>;
  /** Null when unknown, expired or revoked. */
  find(id: string): Promise<ServiceToken | null>;
  /** Every token of this name. Throws ERR_CONTROL_UNKNOWN when there is none. */
  revoke(name: string): Promise<void>;
}
