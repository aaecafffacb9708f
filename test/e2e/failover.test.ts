// What users notice when a connector or a socket dies: nothing, where the request may be repeated.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

interface Socket {
  readonly connectionId: string;
  readonly api: string;
}

let world: World;
let bob: UserProgram;

beforeAll(async () => {
  world = await startWorld('--connectors', '2');
  bob = await signIn(world, 'bob', 'intranet');
}, 120_000);
afterAll(() => world?.dispose(), 60_000);

const sockets = async (api: RegExp): Promise<Socket[]> => {
  const all = await world.control<{ sockets: Socket[] }>('GET', '/sockets');
  return all.sockets.filter((socket) => api.test(socket.api));
};

test.each(['kill', 'blackhole'])(
  'a router whose reply socket died (%s) while it was stopped serves the next request',
  async (fault) => {
    await bob.fetch(world.url('intranet'));
    const replySockets = await sockets(/reply/i);

    for (const { connectionId } of replySockets) await world.control('POST', `/sockets/${encodeURIComponent(connectionId)}/${fault}`);
    const { status } = await bob.fetch(world.url('intranet'));

    expect(replySockets.length).toBeGreaterThan(0);
    expect(status).toBe(200);
  },
  60_000,
);

test('a download goes on when the connector’s tunnel dies in the middle of it', async () => {
  const response = await bob.open(`${world.url('intranet')}download?mb=12`);
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    if (bytes === 0)
      for (const { connectionId } of await sockets(/tunnel/i))
        await world.control('POST', `/sockets/${encodeURIComponent(connectionId)}/kill`);
    bytes += chunk.length;
  }

  expect(bytes).toBe(12 * 1024 * 1024);
}, 90_000);

test('with two connectors, one is killed under steady load and no user sees an error', async () => {
  const [first] = world.ready.connectors;
  const statuses: number[] = [];
  const browse = async () => {
    for (let i = 0; i < 25; i += 1) {
      statuses.push((await bob.fetch(world.url('intranet'))).status);
      if (statuses.length === 40) process.kill(first!.pid, 'SIGKILL');
    }
  };

  await Promise.all(Array.from({ length: 4 }, browse));

  expect(statuses).toHaveLength(100);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
}, 120_000);
