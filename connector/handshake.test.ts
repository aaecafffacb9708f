// WebSockets to origins on loopback: the handshake, and what goes over them.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import type { OriginCall, OriginSocket } from './ports.ts';
import { call, createOrigins, serve, serveRaw, textOf } from './testing/origins.ts';

const open: WebSocketServer[] = [];
afterEach(() => {
  for (const server of open.splice(0)) for (const client of server.clients) client.terminate();
});

const upgrade = { protocols: [] as string[], maxAgeMs: 60_000, idleMs: 60_000 };
const ask = (host: string, fields: Partial<OriginCall> = {}) =>
  createOrigins().call(call({ origin: `http://${host}`, upgrade, ...fields }));

/** An origin that opens WebSockets; resolves its host. */
const serveSockets = async (opened: (socket: WebSocket, request: IncomingMessage) => void, server: Server = createServer()) => {
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  open.push(sockets);
  sockets.on('connection', opened);
  return serve(() => undefined, server);
};

type Event = readonly [what: string, ...details: unknown[]];

/** What comes of a WebSocket, one event after the other. */
const listen = (socket: OriginSocket) => {
  const events: Event[] = [];
  const waiting: Array<() => void> = [];
  const note = (event: Event) => {
    events.push(event);
    for (const wake of waiting.splice(0)) wake();
  };
  let text: Buffer[] = [];
  socket.listen({
    message: (data, kind, more) => {
      text.push(data);
      if (more) return;
      note([kind, Buffer.concat(text).toString()]);
      text = [];
    },
    closed: (code, reason) => note(['closed', code, reason]),
  });
  return {
    events,
    until: async (count: number) => {
      while (events.length < count) await new Promise<void>((wake) => waiting.push(wake));
      return events;
    },
  };
};

describe('an open WebSocket', () => {
  test('carries messages of all sizes both ways, whole and in parts', async () => {
    const host = await serveSockets((socket) => {
      socket.on('message', (data, isBinary) => {
        const half = (data as Buffer).length >> 1;
        socket.send((data as Buffer).subarray(0, half), { fin: false, binary: isBinary });
        socket.send((data as Buffer).subarray(half), { fin: true, binary: isBinary });
      });
    });
    const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];
    const { status, socket } = await ask(host);
    const { until } = listen(socket!);

    for (const size of sizes) {
      const third = Math.floor(size / 3);
      const text = Buffer.alloc(size, 'abcdefg');
      socket!.send(text, 'text', false, () => undefined);
      socket!.send(text.subarray(0, third), 'binary', true, () => undefined);
      socket!.send(text.subarray(third), 'binary', false, () => undefined);
    }

    const wanted = sizes.flatMap((size) => ['text', 'binary'].map((kind) => [kind, Buffer.alloc(size, 'abcdefg').toString()]));
    expect([status, await until(wanted.length)]).toEqual([101, wanted]);
    socket!.terminate();
  });

  test('tells when the origin has taken what it was given', async () => {
    const host = await serveSockets((socket) => void socket.pause());
    const { socket } = await ask(host);
    let taken = 0;
    listen(socket!);

    await new Promise<void>((resolve) => {
      socket!.send(Buffer.from('x'), 'text', false, () => {
        taken += 1;
        resolve();
      });
    });
    const before = taken;
    for (let message = 0; message < 64; message += 1) socket!.send(Buffer.alloc(1 << 20), 'binary', false, () => (taken += 1));
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resume) => setImmediate(resume));

    expect(before).toBe(1);
    expect(taken).toBeLessThan(65);
    socket!.terminate();
  });

  test('ends as the origin ends it', async () => {
    const host = await serveSockets((socket, { url }) => {
      if (url === '/code') socket.close(3001, 'done');
      else if (url === '/none') socket.close();
      else socket.terminate();
    });
    const ends = await Promise.all(
      ['/code', '/none', '/broken'].map(async (path) => {
        const { socket } = await ask(host, { path });
        return (await listen(socket!).until(1))[0];
      }),
    );

    expect(ends).toEqual([
      ['closed', 3001, 'done'],
      ['closed', 1005, ''],
      ['closed', 1006, expect.any(String)],
    ]);
  });

  test('ends as the user ends it', async () => {
    const closed: unknown[] = [];
    const host = await serveSockets((socket) => socket.on('close', (code, reason) => closed.push([code, reason.toString()])));
    const endings = [
      [3001, 'd\u00f6ne'],
      [1005, ''],
      [4000, '\u00fc'.repeat(100)],
    ] as const;
    for (const [code, reason] of endings) {
      const { socket } = await ask(host);
      const { until } = listen(socket!);
      socket!.close(code, reason);
      socket!.send(Buffer.from('too late'), 'text', false, () => undefined);

      expect((await until(1))[0]).toEqual(['closed', code, expect.any(String)]);
    }

    while (closed.length < endings.length) await new Promise((resume) => setImmediate(resume));
    expect(closed).toEqual([
      [3001, 'd\u00f6ne'],
      [1005, ''],
      [4000, '\u00fc'.repeat(61)],
    ]);
  });

  test('answers pings, unless nobody reads the answers', async () => {
    let pongs = 0;
    const host = await serveSockets((socket) => {
      socket.on('pong', () => {
        pongs += 1;
        if (pongs === 3) socket.close();
      });
      for (let ping = 0; ping < 3; ping += 1) socket.ping('alive?');
    });
    const { socket } = await ask(host);

    expect((await listen(socket!).until(1))[0]).toEqual(['closed', 1005, '']);
    expect(pongs).toBe(3);
  });

  test('is not read while it is paused, and not before somebody listens', async () => {
    const host = await serveSockets((socket) => {
      socket.send('one');
      socket.on('message', () => socket.send('two'));
    });
    const { socket } = await ask(host);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resume) => setImmediate(resume));
    const { events, until } = listen(socket!);
    await until(1);
    socket!.pause();
    socket!.send(Buffer.from('go on'), 'text', false, () => undefined);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resume) => setImmediate(resume));
    const paused = [...events];
    socket!.resume();

    expect([paused, await until(2)]).toEqual([
      [['text', 'one']],
      [
        ['text', 'one'],
        ['text', 'two'],
      ],
    ]);
    socket!.terminate();
  });

  test('of an origin that speaks it wrongly breaks off, and is told so', async () => {
    const closed = new Promise((resolve) => {
      void serveSockets((socket) => {
        socket.on('close', (code) => resolve(code));
        // A text that is not in UTF-8.
        socket.send(Buffer.of(0xff), { binary: false });
      }).then(async (host) => {
        const { socket } = await ask(host);
        expect((await listen(socket!).until(1))[0]).toEqual(['closed', 1006, 'A text is not in UTF-8.']);
      });
    });

    expect(await closed).toBe(1007);
  });

  test('does not disturb what goes over the next connection', async () => {
    const host = await serveSockets((socket) => {
      socket.on('message', (data) => socket.send(data.toString()));
    });
    const origins = createOrigins({ connections: 1 });
    const first = await origins.call(call({ origin: `http://${host}`, upgrade }));
    const second = await origins.call(call({ origin: `http://${host}`, upgrade }));
    const [one, other] = [listen(first.socket!), listen(second.socket!)];
    first.socket!.send(Buffer.from('one'), 'text', false, () => undefined);
    second.socket!.send(Buffer.from('other'), 'text', false, () => undefined);

    expect([await one.until(1), await other.until(1)]).toEqual([[['text', 'one']], [['text', 'other']]]);
    first.socket!.terminate();
    second.socket!.terminate();
  });
});

describe('the handshake', () => {
  test('has the fields of the request, and those of its own', async () => {
    const seen: IncomingMessage[] = [];
    const host = await serveSockets((socket, request) => {
      seen.push(request);
      socket.close();
    });

    const { headers, socket } = await ask(host, {
      path: '/chat?room=1',
      headers: [
        ['Host', 'chat.corp'],
        ['Origin', 'https://chat.corp'],
        ['Cookie', 'a=1'],
        ['Sec-WebSocket-Key', 'theirs'],
        ['Sec-WebSocket-Extensions', 'permessage-deflate'],
        ['Connection', 'keep-alive'],
      ],
      upgrade: { ...upgrade, protocols: ['v1', 'v2'] },
    });
    await listen(socket!).until(1);

    const { url, headers: got } = seen[0]!;
    expect([url, got.host, got.origin, got.cookie, got['sec-websocket-protocol'], got['sec-websocket-extensions']]).toEqual([
      '/chat?room=1',
      'chat.corp',
      'https://chat.corp',
      'a=1',
      'v1, v2',
      undefined,
    ]);
    expect(got['sec-websocket-key']).not.toBe('theirs');
    expect(headers).toEqual([['Sec-WebSocket-Protocol', 'v2']]);
  });

  test('that is answered otherwise is an answer like any other', async () => {
    const host = await serve(
      () => undefined,
      createServer((_, response) => void response.writeHead(403, { 'X-A': 'b' }).end('not you')),
    );

    const { status, headers, body, socket } = await ask(host);

    expect([status, headers.find(([name]) => name === 'X-A')?.[1], await textOf(body), socket]).toEqual([403, 'b', 'not you', undefined]);
  });

  const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  test.each([
    ['another key', `${ACCEPTED}Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n`],
    ['no key', `${ACCEPTED}\r\n`],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['no change at all', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(4_000)],
  ])('is refused with %s', async (_, bytes) => {
    const host = await serveRaw((socket) => socket.once('data', () => socket.write(bytes)));

    await expect(ask(host)).rejects.toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('is given up when its time is over', async () => {
    const gone = new AbortController();
    let ended = false;
    const host = await serveRaw((socket) => {
      socket.once('data', () => gone.abort(new Error('enough'))).on('close', () => (ended = true));
    });

    await expect(ask(host, { signal: gone.signal })).rejects.toThrow('enough');
    while (!ended) await new Promise((resume) => setImmediate(resume));
  });
});
