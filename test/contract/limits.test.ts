// The laws between our budgets and AWS's quotas: who breaks one learns it here and not from a closed socket.
import { expect, test } from '@jest/globals';
import * as ours from '../../protocol/limits.ts';
import { QUOTAS } from '../../simulator/quotas.ts';

const { apigateway, apigatewayv2, lambda } = QUOTAS;

test.each([
  ['a frame fits a message', ours.FRAME_MAX_BYTES <= apigatewayv2.messageBytes],
  ['a client’s frame fits a WebSocket frame', ours.CLIENT_FRAME_MAX_BYTES <= apigatewayv2.frameBytes],
  [
    'a full payload and its envelope fit a frame',
    Math.ceil(ours.PAYLOAD_MAX_BYTES / 3) * 4 + ours.FRAME_OVERHEAD_BYTES <= ours.FRAME_MAX_BYTES,
  ],
  ['the largest header line fits a frame', ours.HEADER_LINE_MAX_BYTES + ours.FRAME_OVERHEAD_BYTES < ours.FRAME_MAX_BYTES],
  ['a heartbeat comes twice within the idle time', ours.HEARTBEAT_MS * 2 < apigatewayv2.idleMs],
  ['a socket is replaced before the platform ends it', ours.SOCKET_MAX_AGE_MS < apigatewayv2.connectionMs],
  ['the largest request body fits an event, base64 included', Math.ceil(ours.REQUEST_BODY_MAX_BYTES / 3) * 4 < lambda.eventMaxBytes],
  ['a response is cut by us before Lambda does', ours.RESPONSE_MAX_BYTES + ours.HEADER_LINE_MAX_BYTES < lambda.streamedMaxBytes],
  [
    'a connector keeps an exchange as long as the platform does',
    ours.EXCHANGE_MAX_MS === apigateway.streamMs && ours.EXCHANGE_MAX_MS === lambda.timeoutMaxSeconds * 1000,
  ],
  ['a tunnel is stale only after two missed heartbeats', ours.TUNNEL_STALE_MS > ours.HEARTBEAT_MS * 2],
  ['a connector is heard before it is taken for dead', ours.PROGRESS_FIRST_MS < ours.SILENCE_FIRST_MS],
  [
    'a connector whose tunnel is dead notices it, and has a few seconds for the next one, before a request that only it can take is given up',
    ours.PROBE_DEADLINE_MS + 5_000 < ours.SILENCE_ALONE_MS,
  ],
  ['by then it still acts on that request', ours.SILENCE_ALONE_MS * 1.5 < ours.REQUEST_LIFETIME_MS],
  ['and while the head is awaited', ours.PROGRESS_WAIT_MS * 2 < ours.SILENCE_WAIT_MS],
  ['and while the body is awaited', ours.PROGRESS_IDLE_MS * 2 < ours.SILENCE_IDLE_MS],
  [
    'the longest wait for an origin ends within an invocation, however long that took to start, and can still be answered',
    ours.ORIGIN_TIMEOUT_MAX_MS + ours.SILENCE_WAIT_MS + ours.INVOCATION_RESERVE_MS + lambda.initMs < lambda.timeoutMaxSeconds * 1000,
  ],
  ['and within a response stream', lambda.timeoutMaxSeconds * 1000 <= apigateway.streamMs],
  [
    'a response stream hears something twice within its idle time while the head is awaited',
    ours.RESPONSE_HOLD_MS * 2 < apigateway.streamIdleMs,
  ],
  ['an origin is given up before the platform takes its silence for the end', ours.ORIGIN_IDLE_MAX_MS < apigateway.streamIdleMs],
  ['a dead link is noticed within 10 s', ours.PROBE_DEADLINE_MS < 10_000 && ours.PROBE_MS * 2 < ours.PROBE_DEADLINE_MS],
  ['a lost exchange can be resumed after a dead link was noticed', ours.PROBE_DEADLINE_MS * 2 < ours.RESUME_MS],
  ['a change is seen everywhere within 10 s', ours.CACHE_MS <= 10_000],
])('%s', (_, holds) => {
  expect(holds).toBe(true);
});
