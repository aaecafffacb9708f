// A local program, through `sallyport forward`, to a service that speaks the frames and sends every message back. Pages may not (Teleport#67616).
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { main } from '../main.ts';

const EXCHANGE = 'exchange-1';
let folder: string;
let asked: Array<{ authorization: string | undefined; body: unknown }>;
let links: WebSocketServer;
let refusal: { status: number; code: string } | null;
let end: Array<() => unknown>;
let address: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-forward-'));
  writeFileSync(join(folder, 'token'), 'sallyport_secret\n');
  asked = [];
  refusal = null;
  links = new WebSocketServer({ noServer: true });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
    if (refusal) return void response.writeHead(refusal.status).end(JSON.stringify({ code: refusal.code }));
    const connect = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`;
    const grant = {
      connect,
      exchange: EXCHANGE,
      resume: 'r',
      tunnel: 't',
      protocol: 'chat',
      window: 1 << 20,
      payload: 1 << 14,
      buffer: 1 << 22,
    };
    response.writeHead(200).end(JSON.stringify(grant));
  });
  server.on('upgrade', (request, socket, head) =>
    links.handleUpgrade(request, socket, head, (link) => {
      let n = 0;
      link.on('message', (data) => {
        const [line = '', payload = ''] = String(data).split('\n');
        const { parts, close, n: received = -1 } = JSON.parse(line);
        if (parts.length === 0 && !close) return;
        const frame = { type: 'socket', exchange: EXCHANGE, n, parts, received: received + 1, limit: 1 << 20, close };
        n += 1;
        link.send(`${JSON.stringify(frame)}\n${payload}\nseal`);
      });
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  end = [() => server.close(), () => server.closeAllConnections(), () => [...links.clients].map((link) => link.terminate())];
});
afterEach(() => {
  for (const act of end) act();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command until the test has ended what it does with it. */
const forwarding = async (use: (local: string) => Promise<void>): Promise<string[]> => {
  const said: string[] = [];
  let stop: (value?: unknown) => void = () => undefined;
  let heard: (local: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => {
    heard = resolve;
  });
  const running = main(['forward', address], {
    env: { SALLYPORT_TOKEN_FILE: join(folder, 'token') },
    say: (line) => {
      said.push(line);
      const [local] = /ws:\/\/127\.0\.0\.1:\d+\//.exec(line) ?? [];
      if (local) heard(local);
    },
    stopped: new Promise((resolve) => {
      stop = resolve;
    }),
  });
  try {
    await use(await listening);
  } finally {
    stop();
  }
  expect(await running).toBe(0);
  return said;
};

test('messages go there and back, text and binary, with the token and the path', async () => {
  await forwarding(async (local) => {
    const near = new WebSocket(`${local}rooms?id=7`, ['chat']);
    await once(near, 'open');
    near.send('hello');
    const [text, textIsBinary] = await once(near, 'message');
    near.send(Buffer.from([1, 2, 255]));
    const [bytes, bytesAreBinary] = await once(near, 'message');
    near.close(1000);
    await once(near, 'close');

    expect([String(text), textIsBinary, [...(bytes as Buffer)], bytesAreBinary, near.protocol]).toEqual([
      'hello',
      false,
      [1, 2, 255],
      true,
      'chat',
    ]);
  });

  expect(asked).toEqual([{ authorization: 'Bearer sallyport_secret', body: { url: `${address}rooms?id=7`, protocols: ['chat'] } }]);
});

test('a refusal closes the local side, and is told with its code', async () => {
  refusal = { status: 403, code: 'ERR_ACCESS_DENIED' };

  const said = await forwarding(async (local) => {
    const near = new WebSocket(local);
    const [code] = await once(near, 'close');
    expect(code).toBe(1013);
  });

  expect(said.at(-1)).toMatch(/^ERR_SOCKET_REFUSED: .*403 ERR_ACCESS_DENIED/);
});

/** What a handshake ends with that is refused. */
const refused = async (near: WebSocket): Promise<number> => {
  const [, { statusCode }] = await once(near, 'unexpected-response');
  near.on('error', () => undefined).terminate();
  return statusCode;
};

test.each([
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page that says nothing of itself', { origin: 'null' }],
  ['a page of this machine', { origin: 'http://localhost:3000' }],
  ['a page whose name was pointed here', { origin: 'http://evil.example', headers: { Host: 'evil.example' } }],
  ['whoever dials another name', { headers: { Host: 'evil.example' } }],
])('%s is refused, and nothing is asked in its name', async (_, options) => {
  await forwarding(async (local) => {
    expect(await refused(new WebSocket(local, options))).toBe(403);
  });

  expect(asked).toEqual([]);
});

test('a program that says the address it dials is none', async () => {
  await forwarding(async (local) => {
    const near = new WebSocket(local, { origin: new URL(local).href.replace(/^ws/, 'http').slice(0, -1) });
    await once(near, 'open');
    near.send('hello');
    await once(near, 'message');
    near.terminate();
  });
});

test.each(['//evil.example/', '/\\evil.example/', 'wss://evil.example/', '/\t/evil.example/'])(
  '%s asked for leads the token nowhere else',
  async (path) => {
    await forwarding(async (local) => {
      const { port } = new URL(local);
      const socket = connect(Number(port), '127.0.0.1');
      const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${'a'.repeat(22)}==`];
      socket.write([`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...lines, '', ''].join('\r\n'));
      const [answer] = await once(socket, 'data');
      socket.destroy();

      expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
    });

    expect(asked).toEqual([]);
  },
);

test('a token that is renewed while it runs is the one that is sent', async () => {
  await forwarding(async (local) => {
    writeFileSync(join(folder, 'token'), 'sallyport_renewed\n');
    const near = new WebSocket(local);
    await once(near, 'open');
    near.send('hello');
    await once(near, 'message');
    near.terminate();
  });

  expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer sallyport_renewed']);
});

test('a token that is no longer good when the connection is replaced ends the WebSocket, told without the token', async () => {
  const said = await forwarding(async (local) => {
    const near = new WebSocket(local, ['chat']);
    await once(near, 'open');
    near.send('hello');
    await once(near, 'message');
    refusal = { status: 401, code: 'ERR_TOKEN_INVALID' };
    for (const link of links.clients) link.terminate();
    const [code] = await once(near, 'close');

    expect(code).not.toBe(1000);
  });

  expect(asked.length).toBeGreaterThan(1);
  expect(said.at(-1)).toContain('ERR_TOKEN_INVALID');
  expect(said.join()).not.toContain('sallyport_secret');
});

test.each([
  [['forward', 'https://app.example.com/'], 1, /ERR_CONFIGURATION_INVALID: .*no URL of a WebSocket/],
  [['forward', 'wss://u:sallyport_secret@app.example.com/'], 1, /ERR_CONFIGURATION_INVALID: The URL holds credentials, which/],
  [['forward', 'wss://app.example.com/', '--token', 'sallyport_secret'], 2, /Unknown option '--token'/],
  [['forward', 'wss://app.example.com/', '--port', 'http'], 2, /--port http is no port/],
  [['forward', 'wss://app.example.com/'], 1, /ERR_CONFIGURATION_INVALID: The token file .nowhere cannot be read/],
])('%j is refused', async (argv, code, words) => {
  const complaints: string[] = [];

  expect(
    await main(argv, { env: { SALLYPORT_TOKEN_FILE: '/nowhere' }, complain: (line) => complaints.push(line), say: () => undefined }),
  ).toBe(code);
  expect(complaints.join()).toMatch(words);
  expect(complaints.join()).not.toContain('sallyport_secret');
});
