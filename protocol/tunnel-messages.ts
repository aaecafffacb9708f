// What is said outside exchanges, one JSON object each, without a payload: between connector and Tunnel API, and of a router to the Reply API.

/** First message on a tunnel, and again whenever the connector wants fresh keys and credentials. */
export interface HelloMessage {
  readonly type: 'hello';
  /** The connector's own release. */
  readonly version: string;
  /** Frames of this tunnel may be sealed by a key for each direction (frame-keys.ts). Older connectors do not say so. */
  readonly keysApart?: true;
}

/** Answer to hello. `sealed` is a compact JWE (ECDH-ES, A256GCM) to the connector's sealing key, of a `WelcomeSecrets`. */
export interface WelcomeMessage {
  readonly type: 'welcome';
  /** Milliseconds since the epoch: the service's clock. */
  readonly now: number;
  /** This tunnel's own connection id. */
  readonly connectionId: string;
  readonly sealed: string;
}

export interface WelcomeSecrets {
  readonly connector: string;
  readonly group: string;
  /** 32 bytes, base64url: of it are made the keys of every frame between the routers and this connector. */
  readonly frameKey: string;
  /** Of it are made a key for each direction, whatever came of the `hello` on its way. An older service seals both ways by `frameKey` itself. */
  readonly keysApart?: true;
  /** Base URL of the Reply API's @connections. */
  readonly replyEndpoint: string;
  readonly region: string;
  /** AWS credentials that can do nothing but post to the Reply API. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** Milliseconds since the epoch. */
    readonly expiresAt: number;
  };
  /** Applications of the connector's group, so that it can warn of an origin outside its allowlist; cut to fit. */
  readonly applications: readonly WelcomeApplication[];
}

export interface WelcomeApplication {
  readonly name: string;
  readonly internalUrl: string;
  /** Of an application with single sign-on by Kerberos: its id and its service principal name, for the connector's doctor. */
  readonly kerberos?: { readonly id: string; readonly service: string } | undefined;
  /** Absent: it is checked. Older services do not say. */
  readonly verifyCertificate?: false | undefined;
}

/** Keeps the tunnel alive and its registry entry fresh. Answered by `alive`. */
export interface HeartbeatMessage {
  readonly type: 'heartbeat';
  /** Everything that the connector knows of origins, where that has changed. Older connectors do not say. */
  readonly origins?: readonly OriginReport[] | undefined;
}

/** Whether the connector reached an origin when it tried last. */
export interface OriginReport {
  /** Scheme, host and port, as in a URL. */
  readonly origin: string;
  /** By the service's clock. */
  readonly at: number;
  /** What it failed of, before anything was sent; absent: it was reached. */
  readonly code?: string;
  /** A probe has shown it; absent: a user's request. */
  readonly probed?: true;
  /** Its certificate was not checked. */
  readonly unverified?: true;
}

export interface AliveMessage {
  readonly type: 'alive';
  readonly now: number;
}

/** This tunnel takes no new exchanges. Answered by `drained` once the registry knows. */
export interface DrainMessage {
  readonly type: 'drain';
}

export interface DrainedMessage {
  readonly type: 'drained';
  /** Whether another tunnel of the group takes exchanges. Older services do not say. */
  readonly others?: boolean;
}

/** Probes the link through a route without a function; answered by `echo`. For platforms that answer no WebSocket ping. */
export interface ProbeMessage {
  readonly type: 'probe';
}

export interface EchoMessage {
  readonly type: 'echo';
}

/** A refused message, with a code of the error table. */
export interface RefusedMessage {
  readonly type: 'refused';
  readonly code: string;
  readonly message: string;
}

export type ConnectorMessage = HelloMessage | HeartbeatMessage | DrainMessage | ProbeMessage;
export type TunnelMessage = WelcomeMessage | AliveMessage | DrainedMessage | EchoMessage | RefusedMessage;
