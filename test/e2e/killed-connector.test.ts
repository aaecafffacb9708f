// Connectors killed in the middle of their work, and one whose answers no longer get out. What may be repeated is run elsewhere; of
// the rest users get a code within its time, or a download that visibly broke. The slow ends are awaited side by side.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { control } from '../support/administrator.ts';
import { type OwnConnector, startConnector } from '../support/connector.ts';
import { type Download, download } from '../support/download.ts';
import { functionLog, logged } from '../support/logs.ts';
import { MEGABYTE, startOrigin, type TestOrigin } from '../support/origin.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { breakPosts } from '../support/sockets.ts';
import { type Answer, stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

interface InFlight {
  readonly get: Promise<Answer>;
  readonly post: Promise<Answer>;
  readonly download: Promise<Download>;
}

const GROUPS = ['mute', 'lone', 'pair', 'load', 'half'];
/** More than is sent before the pause; less than the window, so that no credit tells the router of the dead tunnel. */
const MEGABYTES = 3;

let origin: TestOrigin;
let world: World;
const connectors: OwnConnector[] = [];
/** One of the two connectors under load. */
let victim: OwnConnector;
let mute: Promise<Download>;
let lone: InFlight;
let pair: InFlight;

const start = async (group: string): Promise<OwnConnector> => {
  const connector = await startConnector(world, group, [new URL(origin.url).origin]);
  connectors.push(connector);
  return connector;
};

const ask = (group: string, path: string, method: 'GET' | 'POST' = 'GET') =>
  stranger.fetch(externalUrl(world, group) + path, { method, ...(method === 'POST' && { body: 'a=1' }) });
const codeOf = ({ status, body }: Answer) => [status, JSON.parse(body.toString()).code];

/** One of each kind, once all are at the origin and the download has begun. */
const inFlight = async (group: string): Promise<InFlight> => {
  let begun = () => {};
  const begins = new Promise<void>((resolve) => (begun = resolve));
  const held = `held?name=${group}`;
  const all: InFlight = {
    get: ask(group, held),
    post: ask(group, held, 'POST'),
    download: download(stranger, `${externalUrl(world, group)}download?name=${group}&mb=${MEGABYTES}&pause=1`, async () => begun()),
  };
  await Promise.all([begins, origin.arrived(`GET /${held}`), origin.arrived(`POST /${held}`)]);
  return all;
};

beforeAll(async () => {
  origin = await startOrigin();
  world = await startWorld('--connectors', '0');
  await publish(
    world,
    GROUPS.map((group) => ({ id: group, group, internalUrl: origin.url })),
  );
  const [, loneOne, firstOfPair, firstOfLoad] = await Promise.all(['mute', 'lone', 'pair', 'load', 'load'].map(start));
  victim = firstOfLoad!;

  // First: the router has one environment as yet, so its one socket is that of this download.
  await new Promise<void>((resolve, reject) => {
    mute = download(stranger, `${externalUrl(world, 'mute')}download?name=mute&mb=${MEGABYTES}&pause=1`, async () => {
      await breakPosts(world, 'Reply', 'blackhole').then(() => resolve(), reject);
      origin.release('mute');
    });
  });
  lone = await inFlight('lone');
  loneOne!.child.process.kill('SIGKILL');
  pair = await inFlight('pair');
  await start('pair');
  firstOfPair!.child.process.kill('SIGKILL');
}, 120_000);
afterAll(async () => {
  await Promise.all(connectors.map((connector) => connector.dispose()));
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

test('with two connectors, one is killed under steady load and no user sees an error', async () => {
  const statuses: number[] = [];
  const browse = async () => {
    for (let request = 0; request < 25; request += 1) {
      statuses.push((await ask('load', '')).status);
      if (statuses.length === 40) victim.child.process.kill('SIGKILL');
    }
  };

  await Promise.all(Array.from({ length: 4 }, browse));

  expect(statuses).toHaveLength(100);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
}, 60_000);

test('a GET without its head is run by the other connector', async () => {
  await origin.arrived('GET /held?name=pair', 2);
  origin.release('pair');
  const { status, body } = await pair.get;

  expect([status, body.toString()]).toEqual([200, 'ok']);
}, 60_000);

test.each(['lone', 'pair'])(
  'a POST is not run twice (%s): ERR_CONNECTOR_SILENT',
  async (group) => {
    const answer = await { lone, pair }[group]!.post;

    expect(codeOf(answer)).toEqual([504, 'ERR_CONNECTOR_SILENT']);
    expect(origin.calls.filter((call) => call === `POST /held?name=${group}`)).toHaveLength(1);
  },
  60_000,
);

test('a GET without another connector: ERR_CONNECTOR_SILENT, and the next one ERR_NO_CONNECTOR', async () => {
  const answer = await lone.get;
  const next = await ask('lone', '');

  expect(codeOf(answer)).toEqual([504, 'ERR_CONNECTOR_SILENT']);
  expect(codeOf(next)).toEqual([503, 'ERR_NO_CONNECTOR']);
}, 60_000);

test.each([
  ['lone', 'its connector is killed', 'ERR_EXCHANGE_LOST'],
  ['pair', 'its connector is killed, whatever others there are', 'ERR_EXCHANGE_LOST'],
  ['mute', 'its connector’s posts are never answered again', 'ERR_CONNECTOR_SILENT'],
])(
  'a download (%s) breaks visibly when %s',
  async (group, _, code) => {
    const got = await { lone: lone.download, pair: pair.download, mute }[group]!;

    expect(got).toMatchObject({ status: 200, whole: false });
    expect(got.bytes).toBeGreaterThan(0);
    expect(got.bytes).toBeLessThan(MEGABYTES * MEGABYTE);
    await logged(() => functionLog(world, 'router'), { event: 'exchange.failed', application: group, method: 'GET', status: 200, code });
  },
  60_000,
);

test('with two connectors of which one may not reach the application, each POST is answered, and the status says who reaches it', async () => {
  const [, other] = await Promise.all([start('half'), startConnector(world, 'half', ['http://elsewhere.corp'])]);
  connectors.push(other!);

  const statuses: number[] = [];
  for (let request = 0; request < 10; request += 1) statuses.push((await ask('half', '', 'POST')).status);
  const attempts = async () => {
    const found = (await control(world).status()).applications.find(({ id }) => id === 'half');
    return { state: found!.state, codes: found!.origins.flatMap((known) => known.attempts.map(({ code }) => code)) };
  };
  const deadline = Date.now() + 30_000;
  let told = await attempts();
  while (told.codes.length < 2 && Date.now() < deadline) told = await attempts();

  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  expect(told.state).toBe('reachable');
  expect(new Set(told.codes)).toEqual(new Set([null, 'ERR_ORIGIN_NOT_ALLOWED']));
}, 60_000);
