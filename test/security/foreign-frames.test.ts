// Attack: a connector answers for another.
//
// Somebody controls an enrolled connector of one group: its keys, its frame key, its AWS credentials, which may post to every router's
// connection. They know all about an exchange with a connector of another group: its id and where the answer goes. They answer first,
// so that the user reads a page of theirs; or end the exchange; or have the rest of an upload sent to their own tunnel. A router opens
// a frame only with the key of the connector that it asked.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encode } from '../../protocol/codec.ts';
import { connectorSide } from '../../protocol/frame-keys.ts';
import type { ConnectorFrame } from '../../protocol/frames.ts';
import { functionLog, logged } from '../support/logs.ts';
import { management } from '../support/management.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { type PlayedConnector, playConnectorOf, type WelcomedTunnel } from '../support/played-connector.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { stranger } from '../support/user.ts';
import { startWatchedConnector, type WatchedConnector } from '../support/watched-connector.ts';
import { startWorld, type World } from '../support/world.ts';

let origin: TestOrigin;
let world: World;
let asked: WatchedConnector;
let mallory: PlayedConnector;
let tunnel: WelcomedTunnel;

beforeAll(async () => {
  origin = await startOrigin();
  world = await startWorld('--connectors', '0');
  asked = await startWatchedConnector(world, 'default', [new URL(origin.url).origin]);
  mallory = await playConnectorOf(world, 'elsewhere');
  tunnel = await mallory.welcomed();
  await publish(world, [{ id: 'files', internalUrl: origin.url, group: 'default' }]);
}, 120_000);
afterAll(async () => {
  await mallory?.dispose();
  await asked?.dispose();
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

/** Posts with Mallory's own credentials, sealed with Mallory's own key. */
const post = (replyTo: string, frame: ConnectorFrame, payload = ''): Promise<unknown> => {
  const { replyEndpoint, region, credentials, frameKey } = tunnel.welcome;
  return management(replyEndpoint, region, credentials).post(replyTo, encode(frame, connectorSide(frameKey), Buffer.from(payload)));
};

const refused = (exchange: string) => logged(() => functionLog(world, 'router'), { event: 'frame.refused', exchange });

/** An exchange that waits for its origin, as Mallory knows it. */
const waiting = async (name: string) => {
  const answer = stranger.fetch(`${externalUrl(world, 'files')}held?name=${name}`);
  await origin.arrived(`GET /held?name=${name}`);
  const { frame } = asked.requests().find(({ frame: { url } }) => url.endsWith(`name=${name}`))!;
  return { answer, exchange: frame.exchange, replyTo: frame.replyTo };
};

const attacks: Record<string, (exchange: string) => readonly [ConnectorFrame, string?]> = {
  'a page of their own': (exchange) => [{ type: 'response', exchange, n: 0, status: 200, headers: [], end: true }, 'mallory'],
  'a failure': (exchange) => [{ type: 'error', exchange, n: 0, code: 'ERR_ORIGIN_UNREACHABLE', message: 'mallory' }],
  'a tunnel of their own': (exchange) => [{ type: 'moved', exchange, tunnel: tunnel.connectionId, received: 0 }],
};

test.each(Object.keys(attacks))('%s: ERR_FRAME_FORGED, and the user gets the origin’s answer', async (attack) => {
  const name = attack.replaceAll(' ', '-');
  const { answer, exchange, replyTo } = await waiting(name);

  await post(replyTo, ...attacks[attack]!(exchange));
  const line = await refused(exchange);
  origin.release(name);
  const { status, body } = await answer;

  expect(line).toMatchObject({ level: 'warn', code: 'ERR_FRAME_FORGED' });
  expect([status, body.toString()]).toEqual([200, 'ok']);
});

test('for an exchange that they make up: ERR_EXCHANGE_UNKNOWN', async () => {
  const { answer, replyTo } = await waiting('made-up');
  const exchange = 'bWFsbG9yeQ';

  await post(replyTo, { type: 'response', exchange, n: 0, status: 200, headers: [], end: true }, 'mallory');
  const line = await refused(exchange);
  origin.release('made-up');

  expect(line).toMatchObject({ level: 'warn', code: 'ERR_EXCHANGE_UNKNOWN' });
  expect((await answer).status).toBe(200);
});
