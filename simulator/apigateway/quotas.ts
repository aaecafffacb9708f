// Quotas of REST APIs. "Quotas for configuring and running a REST API in API Gateway" and "Stream the integration
// response" (API Gateway Developer Guide); what no page states is marked.

export const REST_QUOTAS = {
  /** "Total combined size of request line and header values". */
  headerBytes: 10_240,
  /** "Payload size". */
  payloadBytes: 10 * 1024 * 1024,
  /** "Integration timeout", buffered; a Regional API may ask for more than this default, which we do not. */
  integrationMs: 29_000,
  /** "Request streams can have a maximum duration of 15 minutes." */
  streamMs: 15 * 60_000,
  /** "Streams are subject to idle timeouts": Regional and private APIs. */
  streamIdleMs: 5 * 60_000,
  /** The same for edge-optimised APIs. */
  streamIdleEdgeMs: 30_000,
  /** "The first 10 MB of your response payload isn't subject to any bandwidth restrictions." */
  streamFreeBytes: 10 * 1024 * 1024,
  /** "Response payload data exceeding 10 MB is restricted to 2 MB/s." Infinity switches the restriction off. */
  streamBytesPerSecond: 2 * 1024 * 1024,
  /** A streamed response is billed again for each of these (from memory of the price list). */
  billedBytes: 10 * 1024 * 1024,
  /** "The delimiter must be present within the first 16KB of the payload", or the answer is 500 (page on streaming from Lambda). */
  preludeBytes: 16 * 1024,
  /** 1 when the Content-Length of a streamed response is renamed. Unverified on AWS: observed at function URLs only. */
  renamesStreamedLength: 0,
} as const;

export type RestQuotas = { readonly [Name in keyof typeof REST_QUOTAS]: number };
