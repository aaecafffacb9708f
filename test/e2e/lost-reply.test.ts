// The router's socket, or the link over which the connector posts to it, dies: while the router was stopped between two requests, and
// in the middle of an answer. No byte is lost, and nothing is carried out twice.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { download } from '../support/download.ts';
import { eventually } from '../support/eventually.ts';
import { connectorLog, logged } from '../support/logs.ts';
import { MEGABYTE, startOrigin, type TestOrigin } from '../support/origin.ts';
import { breakPosts, breakSockets, restorePosts } from '../support/sockets.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

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

interface Environment {
  readonly id: string;
  readonly function: string;
  readonly frozen: boolean;
}

/** The router's environments, once all are stopped. */
const stoppedRouters = (): Promise<string[]> =>
  eventually(5_000, async () => {
    const all = await world.control<Environment[]>('GET', '/lambda/environments');
    const routers = all.filter((environment) => /Router/.test(environment.function));
    if (routers.some(({ frozen }) => !frozen)) throw new Error(`A router is not stopped: ${JSON.stringify(routers)}`);
    return routers.map(({ id }) => id);
  });

describe('while the router was stopped', () => {
  test.each([
    ['its socket was reset', 'socket-reset', () => breakSockets(world, 'Reply', 'kill')],
    ['its socket died in silence', 'socket-silent', () => breakSockets(world, 'Reply', 'blackhole')],
    ['its socket was ended by its age', 'socket-old', () => breakSockets(world, 'Reply', 'expire')],
    ['its link to the tunnel was reset', 'tunnel-link-reset', () => breakPosts(world, 'Tunnel', 'kill')],
    ['the connector’s link to it was reset', 'reply-link-reset', () => breakPosts(world, 'Reply', 'kill')],
  ])('%s: the next POST is answered, and carried out once', async (_, name, mishap) => {
    await bob.fetch(world.url('files'));
    const stopped = await stoppedRouters();

    const broken = await mishap();
    const { status, body } = await bob.fetch(`${world.url('files')}digest?name=${name}`, { method: 'POST', body: 'a=1' });

    expect(broken.length).toBeGreaterThan(0);
    // The same that had been stopped, and none in its place.
    expect(await stoppedRouters()).toEqual(stopped);
    expect([status, JSON.parse(body.toString()).bytes]).toEqual([200, 3]);
    expect(origin.calls.filter((call) => call === `POST /digest?name=${name}`)).toHaveLength(1);
  });
});

describe('in mid-response', () => {
  test.each([
    ['the router’s socket is reset', 'reset', () => breakSockets(world, 'Reply', 'kill')],
    ['the router’s socket dies in silence', 'silent', () => breakSockets(world, 'Reply', 'blackhole')],
    ['the router’s socket is ended by its age', 'old', () => breakSockets(world, 'Reply', 'expire')],
    ['the connector’s posts are reset', 'posts-reset', () => breakPosts(world, 'Reply', 'kill')],
  ])(
    '%s: the download goes on',
    async (_, name, mishap) => {
      let broken: string[] = [];
      const got = await download(bob, `${world.url('files')}download?name=${name}&mb=${MEGABYTES}&pause=1`, async () => {
        broken = await mishap();
        origin.release(name);
      });

      expect(broken.length).toBeGreaterThan(0);
      expect(got).toEqual({ status: 200, whole: true, bytes: MEGABYTES * MEGABYTE, sha256: origin.sent(name) });
    },
    60_000,
  );

  test('the connector’s posts are not answered, until it has given one up: the download goes on', async () => {
    const name = 'posts-silent';
    const { logFile } = world.ready.connectors[0]!;
    const before = connectorLog(logFile).length;
    let mended = Promise.resolve();
    const got = await download(bob, `${world.url('files')}download?name=${name}&mb=${MEGABYTES}&pause=1`, async () => {
      const silent = await breakPosts(world, 'Reply', 'blackhole');
      const givenUp = logged(() => connectorLog(logFile).slice(before), { event: 'reply.failed', attempt: 'busy' });
      mended = givenUp.then(() => restorePosts(world, silent));
      origin.release(name);
    });
    await mended;

    expect(got).toEqual({ status: 200, whole: true, bytes: MEGABYTES * MEGABYTE, sha256: origin.sent(name) });
  }, 60_000);
});
