// Connections to origins whose names move, or that are old.
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Resolve } from './address.ts';
import { withResolvers } from './clock.ts';
import { parseConnectTo } from './connect-to.ts';
import { LOOKUP_MS } from './origin-addresses.ts';
import type { Connection, OriginCall } from './ports.ts';
import { call, createOrigins, textOf } from './testing/origins.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const [HERE, THERE] = ['127.0.0.1', '127.0.0.2'] as const;
const MINUTE = 60_000;

/** A server at both addresses, whose answers tell at which and over which of its connections; and a name that a test moves. */
const prepare = async ({ connections = 1 } = {}) => {
  const seen = { connections: 0, lookups: 0, connectionsNow: 0 };
  const numbers = new WeakMap<object, number>();
  let hold: (() => Promise<void>) | null = null;
  const start = async (address: string, port: number): Promise<number> => {
    const server = createServer(async (request, response) => {
      const status = request.url === '/401' ? 401 : 200;
      response.writeHead(status, { 'Keep-Alive': 'timeout=600' });
      response.write(`${request.socket.localAddress} `);
      await hold?.();
      response.end(`${numbers.get(request.socket)}`);
    });
    server.keepAliveTimeout = 600_000;
    server.on('connection', (socket) => {
      seen.connections += 1;
      numbers.set(socket, seen.connections);
    });
    open.push(server);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    return (server.address() as { port: number }).port;
  };
  const port = await start(HERE, 0);
  await start(THERE, port);

  let time = 0;
  const name: { addresses: string[] | Error | null } = { addresses: [HERE] };
  const resolve: Resolve = (_, callback) => {
    seen.lookups += 1;
    const { addresses } = name;
    if (addresses instanceof Error) callback(addresses, []);
    else if (addresses !== null)
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
  };
  const waits: Array<() => void> = [];
  const after = (_: number, act: () => void) => {
    waits.push(act);
    return () => void waits.splice(waits.indexOf(act), 1);
  };
  const connectTo = [parseConnectTo(`wiki.corp:80=${THERE}:${port}`)];
  const origins = createOrigins({ connections, resolve, connectTo, clock: { monotonic: () => time, after } });
  const begin = (fields: Partial<OriginCall> = {}) => origins.call(call({ origin: `http://wiki.corp:${port}`, ...fields }));
  return {
    seen,
    name,
    waits,
    begin,
    /** At which address, and over the how manieth connection. */
    ask: async (fields?: Partial<OriginCall>) => textOf((await begin(fields)).body),
    pass: (ms: number) => (time += ms),
    hold: (until: Promise<void>) => (hold = () => until),
  };
};

describe('a name is looked up again', () => {
  test('while its connection is in use, not with each request', async () => {
    const { seen, ask, pass } = await prepare();
    for (let request = 0; request < 10; request += 1) await ask();
    expect(seen).toMatchObject({ connections: 1, lookups: 1 });
    pass(LOOKUP_MS);

    for (let request = 0; request < 10; request += 1) await ask();

    expect(seen).toMatchObject({ connections: 1, lookups: 2 });
  });

  test.each([1, 4])('and the connection is not used when the name has its address no more; %d at once', async (connections) => {
    const { name, ask, pass } = await prepare({ connections });
    expect(await ask()).toBe(`${HERE} 1`);
    name.addresses = [THERE];
    pass(LOOKUP_MS);

    expect(await ask()).toBe(`${THERE} 2`);
    expect(await ask()).toMatch(THERE);
  });

  test('and says nothing of a connection of the same name to where the administrator says that it leads', async () => {
    const { ask } = await prepare();
    expect(await ask()).toBe(`${HERE} 1`);

    expect(await ask({ origin: 'http://wiki.corp' })).toBe(`${THERE} 2`);
    expect(await ask({ origin: 'http://wiki.corp' })).toBe(`${THERE} 2`);
  });

  test('for a WebSocket, too', async () => {
    const { name, ask, begin, pass } = await prepare();
    await ask();
    name.addresses = [THERE];
    pass(LOOKUP_MS);

    const { body } = await begin({ upgrade: { protocols: [], maxAgeMs: MINUTE, idleMs: MINUTE } });

    expect(await textOf(body)).toMatch(THERE);
  });

  test('and an answer that is under way comes to its end', async () => {
    const { name, begin, ask, pass, hold } = await prepare({ connections: 2 });
    const ended = withResolvers<void>();
    hold(ended.promise);
    const first = await begin();
    name.addresses = [THERE];
    pass(LOOKUP_MS);
    const second = await begin();
    ended.resolve();

    expect([await textOf(first.body), await textOf(second.body)]).toEqual([`${HERE} 1`, `${THERE} 2`]);
    expect([await ask(), await ask()]).toEqual([expect.stringContaining(THERE), expect.stringContaining(THERE)]);
  });

  test('and more addresses change nothing', async () => {
    const { name, ask, pass } = await prepare();
    await ask();
    name.addresses = [THERE, HERE];
    pass(LOOKUP_MS);

    expect(await ask()).toBe(`${HERE} 1`);
  });

  test('and the connection is not used when there is no such name any more, until it is back', async () => {
    const { name, ask, pass } = await prepare();
    await ask();
    name.addresses = Object.assign(new Error('getaddrinfo ENOTFOUND wiki.corp'), { code: 'ENOTFOUND' });
    pass(LOOKUP_MS);

    await expect(ask()).rejects.toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE' });
    name.addresses = [THERE];
    expect(await ask()).toContain(THERE);
  });

  test.each([
    ['an error', Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' })],
    ['no address', []],
  ])('where %s comes, what was known holds on', async (_, addresses) => {
    const { name, ask, pass, seen } = await prepare();
    await ask();
    name.addresses = addresses;
    pass(LOOKUP_MS);

    expect([await ask(), await ask(), seen.lookups]).toEqual([`${HERE} 1`, `${HERE} 1`, 2]);
  });

  test('where no answer comes, a request waits no longer than for a while', async () => {
    const { name, ask, pass, waits, seen } = await prepare();
    await ask();
    name.addresses = null;
    pass(LOOKUP_MS);

    const asked = [ask(), ask()];
    while (waits.length < 2) await new Promise((resume) => setImmediate(resume));
    for (const wait of [...waits]) wait();

    expect([await Promise.all(asked), seen.lookups]).toEqual([[`${HERE} 1`, `${HERE} 1`], 2]);
  });
});

describe('a connection that is some minutes old', () => {
  test('is not used again', async () => {
    const { ask, pass } = await prepare();
    await ask();
    pass(4 * MINUTE);
    expect(await ask()).toBe(`${HERE} 1`);
    pass(2 * MINUTE);

    expect([await ask(), await ask()]).toEqual([`${HERE} 2`, `${HERE} 2`]);
  });

  test('and its successor is used as it was', async () => {
    const { ask, pass, seen } = await prepare();
    for (let minute = 0; minute < 12; minute += 1) {
      await ask();
      pass(MINUTE);
    }

    expect(seen.connections).toBe(2);
  });

  test('is used for the rest of a handshake that belongs to it', async () => {
    const { ask, pass } = await prepare();
    const connection: Connection = { of: 'alice', limit: 1, idleMs: 10 * MINUTE };
    await ask({ connection });
    pass(5 * MINUTE);
    await ask({ connection, path: '/401' });
    pass(MINUTE);

    expect([await ask({ connection }), await ask({ connection })]).toEqual([`${HERE} 1`, `${HERE} 2`]);
  });
});
