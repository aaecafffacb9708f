// Attack: a genuine request frame, held back.
//
// Somebody on the way keeps a frame that a router sealed, and lets it go when it suits them: when the user's right to the application
// has been taken away, or when the second of two orders would do harm. A request is good for thirty seconds by the service's clock,
// which the connector learns from its tunnel, and one from the future is no better. Turning that clock back does not help them: what
// tells the time on a tunnel is believed as far only as a connector's own clock may be off.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encode } from '../../protocol/codec.ts';
import { serviceSide } from '../../protocol/frame-keys.ts';
import { REQUEST_LIFETIME_MS } from '../../protocol/limits.ts';
import { logged } from '../support/logs.ts';
import { tunnelPoster } from '../support/management.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { requestFrame } from '../support/request-frame.ts';
import { startWatchedConnector, type WatchedConnector } from '../support/watched-connector.ts';
import { startWorld, type World } from '../support/world.ts';

let origin: TestOrigin;
let world: World;
let victim: WatchedConnector;

beforeAll(async () => {
  origin = await startOrigin();
  world = await startWorld('--connectors', '0');
  victim = await startWatchedConnector(world, 'default', [new URL(origin.url).origin]);
}, 120_000);
afterAll(async () => {
  await victim?.dispose();
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

test('an hour old, after a message that turned the service’s clock back by an hour: ERR_FRAME_EXPIRED', async () => {
  const attacker = await tunnelPoster(world);
  await attacker.post(victim.tunnel, JSON.stringify({ type: 'alive', now: Date.now() - 3_600_000 }));
  const exchange = await post('turned-back', Date.now() - 3_600_000);

  const line = await logged(() => victim.log(), { event: 'exchange.failed', exchange });

  expect(line).toMatchObject({ code: 'ERR_FRAME_EXPIRED' });
  expect(origin.calls.join()).not.toContain('turned-back');
});

const post = async (path: string, issuedAt: number): Promise<string> => {
  const attacker = await tunnelPoster(world);
  const frame = requestFrame({ connector: victim.id, url: origin.url + path, issuedAt });
  await attacker.post(victim.tunnel, encode(frame, serviceSide(victim.frameKey)));
  return frame.exchange;
};

test.each([
  ['half a minute old', -REQUEST_LIFETIME_MS - 1_000],
  ['an hour old', -3_600_000],
  ['half a minute from the future', REQUEST_LIFETIME_MS + 1_000],
])('%s: ERR_FRAME_EXPIRED, and the origin is not called', async (_, offMs) => {
  const exchange = await post('held-back', Date.now() + offMs);

  const line = await logged(() => victim.log(), { event: 'exchange.failed', exchange });
  // One that is in time, sent later, is carried out: nothing of the other can still be under way.
  await post(`in-time?after=${exchange}`, Date.now());
  await origin.arrived(`GET /in-time?after=${exchange}`);

  expect(line).toMatchObject({ level: 'warn', code: 'ERR_FRAME_EXPIRED' });
  expect(origin.calls.join()).not.toContain('held-back');
});
