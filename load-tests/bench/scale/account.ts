// What the quotas of one account and Region let through: a model. Its assumptions are data, and docs/performance.md tells them.
import { HEARTBEAT_MS } from '../../../protocol/limits.ts';

export const ACCOUNT = {
  /** REST, HTTP, WebSocket APIs and @connections together; may be raised on request. */
  requestsPerSecond: 10_000,
  /** Lambda's default; may be raised on request. */
  concurrentInvocations: 1_000,
  /** One environment carries one exchange at a time, from the first byte of the request to the last of the answer. */
  exchangeSeconds: 0.15,
  /** One post each way; beside the user's request. */
  postsPerExchange: 2,
} as const;

export interface AccountLimit {
  readonly connectors: number;
  /** Taken by heartbeats; each is one message in, its answer one post. */
  readonly heartbeatsPerSecond: number;
  readonly byRequests: number;
  readonly byInvocations: number;
  readonly exchangesPerSecond: number;
}

export const accountLimit = (connectors: number): AccountLimit => {
  const heartbeatsPerSecond = (connectors * 2) / (HEARTBEAT_MS / 1000);
  const byRequests = (ACCOUNT.requestsPerSecond - heartbeatsPerSecond) / (1 + ACCOUNT.postsPerExchange);
  const byInvocations = ACCOUNT.concurrentInvocations / ACCOUNT.exchangeSeconds;
  return { connectors, heartbeatsPerSecond, byRequests, byInvocations, exchangesPerSecond: Math.min(byRequests, byInvocations) };
};
