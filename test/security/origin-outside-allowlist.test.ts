// Attack: an application that was never meant to be published (chisel GHSA-24fp-5v3p-rvpw: checked at the handshake only).
//
// Somebody has taken over the cloud side: they publish an internal server as an application and open it. The connector's own list of
// origins lives on premises, where they cannot reach, and each request is held against it: scheme, host and port as they are written,
// whatever else may lead to the same machine.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { functionLog, logged } from '../support/logs.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { stranger } from '../support/user.ts';
import { startWatchedConnector, type WatchedConnector } from '../support/watched-connector.ts';
import { startWorld, type World } from '../support/world.ts';

let published: TestOrigin;
let secret: TestOrigin;
let world: World;
let connector: WatchedConnector;

/** Application → what the taken-over cloud side says that its internal URL is. */
const internalUrls: Record<string, () => string> = {
  'another-port': () => secret.url,
  'another-name': () => published.url.replace('127.0.0.1', 'localhost'),
  'another-scheme': () => published.url.replace('http:', 'https:'),
};

beforeAll(async () => {
  [published, secret] = await Promise.all([startOrigin(), startOrigin()]);
  world = await startWorld('--connectors', '0');
  connector = await startWatchedConnector(world, 'default', [new URL(published.url).origin]);
  const attacked = Object.entries(internalUrls).map(([id, internalUrl]) => ({ id, internalUrl: internalUrl(), group: 'default' }));
  await publish(world, [{ id: 'meant', internalUrl: published.url, group: 'default' }, ...attacked]);
}, 120_000);
afterAll(async () => {
  await connector?.dispose();
  await world?.dispose();
  await Promise.all([published?.dispose(), secret?.dispose()]);
}, 60_000);

test('what the list names is reached', async () => {
  const { status } = await stranger.fetch(externalUrl(world, 'meant'));

  expect([status, published.calls.length]).toEqual([200, 1]);
});

test.each(Object.keys(internalUrls))(
  '%s: ERR_ORIGIN_NOT_ALLOWED for the user and in both logs, and nothing is called',
  async (application) => {
    const before = published.calls.length;

    const { status, body } = await stranger.fetch(externalUrl(world, application), { method: 'POST', body: 'a=1' });

    const code = 'ERR_ORIGIN_NOT_ALLOWED';
    expect([status, JSON.parse(body.toString()).code]).toEqual([502, code]);
    expect(body.toString()).not.toContain('127.0.0.1');
    await logged(() => connector.log(), { event: 'exchange.failed', application, code });
    await logged(() => functionLog(world, 'router'), { event: 'exchange.failed', application, code });
    expect([published.calls.length, secret.calls.length]).toEqual([before, 0]);
  },
);

test('the connector’s log warns of each before anybody asks for it', async () => {
  await connector.restarted();

  for (const application of Object.keys(internalUrls)) await logged(() => connector.log(), { event: 'allowlist.lacks', application });
}, 60_000);
