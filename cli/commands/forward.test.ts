// A local program, through `sallyport forward`, to a service that speaks the frames and sends every message back.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { main } from '../main.ts';

const EXCHANGE = 'exchange-1';
let folder: string;
let asked: Array<{ authorization: string | undefined; body: unknown }>;
let refusal: { status: number; code: string } | null;
let end: Array<() => unknown>;
let address: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-forward-'));
  writeFileSync(join(folder, 'token'), 'sallyport_secret\n');
  asked = [];
  refusal = null;
  const links = new WebSocketServer({ noServer: true });
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

test.each([
  [['forward', 'https://app.example.com/'], 1, /ERR_CONFIGURATION_INVALID: .*no URL of a WebSocket/],
  [['forward', 'wss://app.example.com/', '--port', 'http'], 2, /--port http is no port/],
  [['forward', 'wss://app.example.com/'], 1, /ERR_CONFIGURATION_INVALID: The token file .nowhere cannot be read/],
])('%j is refused', async (argv, code, words) => {
  const complaints: string[] = [];

  expect(
    await main(argv, { env: { SALLYPORT_TOKEN_FILE: '/nowhere' }, complain: (line) => complaints.push(line), say: () => undefined }),
  ).toBe(code);
  expect(complaints.join()).toMatch(words);
});
