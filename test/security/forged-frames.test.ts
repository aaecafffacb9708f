// Attack: forged request frames.
//
// Somebody has got hold of AWS permissions that let them post to the Tunnel API as the router does, but not of the master key. They
// know a connector's id and its tunnel, have heard genuine frames on the way, and even run a connector of their own in the same group.
// They post request frames of their making, to have the connector call an application inside the network in a user's name. Frames are
// sealed for one connector with a key that only the routers and it can derive: none of theirs opens, and nothing is called.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encode } from '../../protocol/codec.ts';
import { connectorSide, serviceSide } from '../../protocol/frame-keys.ts';
import { logged } from '../support/logs.ts';
import { type Management, tunnelPoster } from '../support/management.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { playConnectorOf } from '../support/played-connector.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { requestFrame } from '../support/request-frame.ts';
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

const frame = (path: string) => requestFrame({ connector: victim.id, url: `${origin.url}${path}`, user: 'alice' });

/** The connector's log line of the next refusal. */
const refusal = async (act: () => Promise<unknown>) => {
  const before = victim.log().length;
  await act();
  return logged(() => victim.log().slice(before), { event: 'frame.refused' });
};

/** What the attacker lacks is the key alone: sealed with it, the same frame is carried out. */
test('sealed as the routers seal for the connector it would be carried out', async () => {
  await attacker.post(victim.tunnel, encode(frame('genuine'), serviceSide(victim.frameKey)));

  await origin.arrived('GET /genuine');
});

test('sealed with a key of their own: ERR_FRAME_FORGED', async () => {
  const line = await refusal(() => attacker.post(victim.tunnel, encode(frame('own-key'), new Uint8Array(32))));

  expect(line).toMatchObject({ level: 'warn', code: 'ERR_FRAME_FORGED' });
  expect(origin.calls.join()).not.toContain('own-key');
});

test.each([
  ['as the connector itself seals, so that what it sent comes back', connectorSide],
  ['as releases without a key for each direction do', (secret: Uint8Array) => secret],
])('sealed %s: ERR_FRAME_FORGED', async (_, side) => {
  const line = await refusal(() => attacker.post(victim.tunnel, encode(frame('sent-back'), side(victim.frameKey))));

  expect(line).toMatchObject({ code: 'ERR_FRAME_FORGED' });
  expect(origin.calls.join()).not.toContain('sent-back');
});

test('sealed with the key of another connector of the group: ERR_FRAME_FORGED', async () => {
  const mallory = await playConnectorOf(world, 'default');
  const { frameKey } = (await mallory.welcomed()).welcome;

  const line = await refusal(() => attacker.post(victim.tunnel, encode(frame('other-key'), serviceSide(frameKey))));
  await mallory.dispose();

  expect(line).toMatchObject({ code: 'ERR_FRAME_FORGED' });
  expect(origin.calls.join()).not.toContain('other-key');
});

test.each(['method', 'path', 'user', 'lifetime'])('a genuine one with another %s: ERR_FRAME_FORGED', async (what) => {
  await stranger.fetch(`${externalUrl(world, 'files')}heard`);
  const { text } = victim.requests().at(-1)!;
  const altered = {
    method: text.replace('"method":"GET"', '"method":"DELETE"'),
    path: text.replace('/heard', '/admin'),
    user: text.replace('"user":null', '"user":"root"'),
    lifetime: text.replace(/"issuedAt":\d+/, `"issuedAt":${Date.now() + 20_000}`),
  }[what]!;
  const before = origin.calls.length;

  const line = await refusal(() => attacker.post(victim.tunnel, altered));

  expect(altered).not.toBe(text);
  expect(line).toMatchObject({ code: 'ERR_FRAME_FORGED' });
  expect(origin.calls).toHaveLength(before);
});

test('one that is none: ERR_FRAME_INVALID', async () => {
  const line = await refusal(() => attacker.post(victim.tunnel, 'GET /admin HTTP/1.1\n\n'));

  expect(line).toMatchObject({ code: 'ERR_FRAME_INVALID' });
});
