// Quotas of HTTP and WebSocket APIs. "Quotas for configuring and running a WebSocket API" and "… an HTTP API"
// (API Gateway Developer Guide); what no page states is marked.

export const V2_QUOTAS = {
  /** WebSocket: "Message payload size". */
  messageBytes: 128 * 1024,
  /** WebSocket: "Frame size"; also the unit in which messages are billed. */
  frameBytes: 32 * 1024,
  /** WebSocket: "Idle connection timeout". */
  idleMs: 10 * 60_000,
  /** WebSocket: "Connection duration". */
  connectionMs: 2 * 60 * 60_000,
  /** WebSocket: "Integration timeout". */
  integrationMs: 29_000,
  /** WebSocket: "Characters in a WebSocket URL". */
  urlCharacters: 4096,
  /** "Lambda authorizer result size". */
  authorizerResultBytes: 8 * 1024,
  /** HTTP: "Authorizer timeout". */
  authorizerMs: 10_000,
  /** WebSocket: bytes that wait for one client before a post is answered 429. Unverified on AWS: no page gives a number. */
  clientBufferBytes: 1024 * 1024,
  /** WebSocket: 1 when what is sent to a client also ends its idleness; observed: messages every 9.5 minutes held a connection for two hours. */
  outboundEndsIdleness: 1,
  /** WebSocket: 1 when pings are answered. They never end idleness. Unverified on AWS. */
  answerPings: 1,
  /** HTTP: "Integration timeout". */
  httpIntegrationMs: 30_000,
  /** HTTP: "Payload size". */
  payloadBytes: 10 * 1024 * 1024,
  /** HTTP: "Total combined size of request line and header values". */
  headerBytes: 10_240,
  /** HTTP: requests are billed by this many bytes (price list). */
  billedBytes: 512 * 1024,
} as const;

export type V2Quotas = { readonly [Name in keyof typeof V2_QUOTAS]: number };
