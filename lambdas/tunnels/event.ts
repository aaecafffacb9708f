// What API Gateway tells about a tunnel: the fields of its WebSocket events that we read, and nothing else of them.

export interface TunnelEvent {
  readonly requestContext: {
    readonly routeKey: string;
    readonly connectionId: string;
    /** Milliseconds since the epoch. */
    readonly connectedAt?: number;
    readonly requestId?: string;
    /** What the authorizer answered at `$connect`; on every later event of the connection too. */
    readonly authorizer?: { readonly connector?: string; readonly group?: string; readonly dial?: string; readonly dialExpiresAt?: string };
    readonly disconnectStatusCode?: number;
    readonly disconnectReason?: string;
  };
  /** At `$connect` only; names as the client wrote them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TunnelAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The tunnel that an event is about: the connection, and the connector that the authorizer vouches for. */
export interface TunnelIdentity {
  readonly connectionId: string;
  readonly connector: string;
  readonly group: string;
  readonly openedAt: number;
}

/** Null when no authorizer vouched for the connection. The message itself never says who sends it. */
export const identify = ({ requestContext }: TunnelEvent, now: number): TunnelIdentity | null => {
  const { connector, group } = requestContext.authorizer ?? {};
  if (!connector || !group) return null;
  return { connectionId: requestContext.connectionId, connector, group, openedAt: requestContext.connectedAt ?? now };
};
