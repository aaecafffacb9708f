// The connector's tunnel, or the link over which the router posts to it, dies in the middle of a download, or before a POST: no byte is lost,
// and nothing is carried out twice.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { download } from '../support/download.ts';
import { functionLog, logged } from '../support/logs.ts';
import { MEGABYTE, startOrigin, type TestOrigin } from '../support/origin.ts';
import { breakPosts, breakSockets, restorePosts } from '../support/sockets.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

/** More than the window of flow control: what comes after the pause needs credit, and credit needs the tunnel. */
const MEGABYTES = 8;

let origin: TestOrigin;
let world: World;
let bob: UserProgram;

beforeAll(async () => {
  origin = await startOrigin();
  world = await startWorld('--publish', `files=${origin.url}`);
  bob = await signIn(world, 'bob', 'files');
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

/** Downloads; `mishap` happens in the middle, `mended` while the rest is awaited. */
const downloadThrough = async (name: string, mishap: () => Promise<string[]>, mended: (broken: string[]) => Promise<void>) => {
  let mending = Promise.resolve();
  let broken: string[] = [];
  const got = await download(bob, `${world.url('files')}download?name=${name}&mb=${MEGABYTES}&pause=1`, async () => {
    broken = await mishap();
    mending = mended(broken);
    origin.release(name);
  });
  await mending;
  return { broken: broken.length, got };
};

test.each([
  ['the tunnel is reset', 'tunnel-reset', () => breakSockets(world, 'Tunnel', 'kill')],
  ['the tunnel dies in silence', 'tunnel-silent', () => breakSockets(world, 'Tunnel', 'blackhole')],
  ['the router’s posts are reset', 'posts-reset', () => breakPosts(world, 'Tunnel', 'kill')],
])(
  '%s',
  async (_, name, mishap) => {
    const { broken, got } = await downloadThrough(name, mishap, async () => {});

    expect(broken).toBeGreaterThan(0);
    expect(got).toEqual({ status: 200, whole: true, bytes: MEGABYTES * MEGABYTE, sha256: origin.sent(name) });
  },
  60_000,
);

test('a POST that goes into a tunnel which has died in silence waits for the next tunnel of that connector, and is carried out once', async () => {
  await bob.fetch(world.url('files'));

  const broken = await breakSockets(world, 'Tunnel', 'blackhole');
  const { status, body } = await bob.fetch(`${world.url('files')}digest?name=silent`, { method: 'POST', body: 'a=1' });

  expect(broken.length).toBeGreaterThan(0);
  expect([status, JSON.parse(body.toString()).bytes]).toEqual([200, 3]);
  expect(origin.calls.filter((call) => call === 'POST /digest?name=silent')).toHaveLength(1);
}, 60_000);

test('the router’s posts are not answered, until it has given one up', async () => {
  const name = 'posts-silent';
  const { got } = await downloadThrough(
    name,
    () => breakPosts(world, 'Tunnel', 'blackhole'),
    async (silent) => {
      await logged(() => functionLog(world, 'router'), { event: 'exchange.post-failed', type: 'credit' });
      await restorePosts(world, silent);
    },
  );

  expect(got).toEqual({ status: 200, whole: true, bytes: MEGABYTES * MEGABYTE, sha256: origin.sent(name) });
}, 60_000);
