// Attack: a genuine request frame, sent again.
//
// Somebody hears everything on a connector's tunnel and may post to tunnels. They send a user's order a second time: at once, over the
// connector's next tunnel, to another connector of the group, and after the connector was started anew and remembers nothing. An
// exchange's id is good once, a frame opens at one connector only, and is for one tunnel of it, which no later process has.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logged } from '../support/logs.ts';
import { type Management, tunnelPoster } from '../support/management.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { breakSockets } from '../support/sockets.ts';
import { stranger } from '../support/user.ts';
import { startWatchedConnector, type WatchedConnector } from '../support/watched-connector.ts';
import { startWorld, type World } from '../support/world.ts';

let origin: TestOrigin;
let world: World;
let victim: WatchedConnector;
let attacker: Management;

beforeAll(async () => {
  origin = await startOrigin();
  world = await startWorld('--connectors', '0');
  victim = await startWatchedConnector(world, 'default', [new URL(origin.url).origin]);
  attacker = await tunnelPoster(world);
  await publish(world, [{ id: 'files', internalUrl: origin.url, group: 'default' }]);
}, 120_000);
afterAll(async () => {
  await victim?.dispose();
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

/** A user orders something; answers the frame that carried it. */
const order = async (name: string): Promise<string> => {
  const { status } = await stranger.fetch(`${externalUrl(world, 'files')}digest?name=${name}`, { method: 'POST', body: 'one' });
  const captured = victim.requests().find(({ frame }) => frame.url.endsWith(`name=${name}`));
  expect([status, captured?.frame.method]).toEqual([200, 'POST']);
  return captured!.text;
};

const ordered = (name: string): number => origin.calls.filter((call) => call === `POST /digest?name=${name}`).length;

test('at once: ERR_FRAME_REPLAYED', async () => {
  const captured = await order('at-once');

  await attacker.post(victim.tunnel, captured);
  const line = await logged(() => victim.log(), { event: 'frame.refused' });

  expect(line).toMatchObject({ level: 'warn', code: 'ERR_FRAME_REPLAYED' });
  expect(ordered('at-once')).toBe(1);
});

test('over the connector’s next tunnel: ERR_FRAME_REPLAYED', async () => {
  const captured = await order('next-tunnel');
  const before = victim.log().length;
  await breakSockets(world, 'Tunnel', 'kill');
  const { connectionId } = await logged(() => victim.log().slice(before), { event: 'tunnel.open' });

  await attacker.post(String(connectionId), captured);
  const line = await logged(() => victim.log().slice(before), { event: 'frame.refused' });

  expect(line).toMatchObject({ code: 'ERR_FRAME_REPLAYED' });
  expect(ordered('next-tunnel')).toBe(1);
});

test('to another connector of the group: ERR_FRAME_FORGED', async () => {
  const captured = await order('another');
  const another = await startWatchedConnector(world, 'default', [new URL(origin.url).origin]);

  await attacker.post(another.tunnel, captured);
  const line = await logged(() => another.log(), { event: 'frame.refused' });
  await another.dispose();

  expect(line).toMatchObject({ code: 'ERR_FRAME_FORGED' });
  expect(ordered('another')).toBe(1);
}, 60_000);

test('to the connector started anew, a moment later: ERR_FRAME_REPLAYED', async () => {
  const captured = await order('anew');
  await victim.restarted();

  await attacker.post(victim.tunnel, captured);
  const line = await logged(() => victim.log(), { event: 'frame.refused' });

  expect(line).toMatchObject({ code: 'ERR_FRAME_REPLAYED' });
  expect(ordered('anew')).toBe(1);
}, 60_000);
