// The public port itself: names, TLS, a port that is in use.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ApiTarget, type PublicServer, startPublicServer } from './public-server.ts';

let server: PublicServer;
beforeEach(async () => {
  server = await startPublicServer({ port: 0, tls: true, now: Date.now });
});
afterEach(() => server.dispose());

const target = (name: string, protocol: ApiTarget['protocol'] = 'REST'): ApiTarget => ({
  protocol,
  request: (_message, response, { mapping }) => {
    response.end(`${name} ${mapping?.basePath}`);
  },
});

const ask = async (host: string, path = '/'): Promise<string> => {
  const request = get({
    host: '127.0.0.1',
    port: server.port,
    path,
    servername: host,
    headers: { host },
    ca: server.authority,
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
};

test('the most specific name and the longest base path win, over TLS with a certificate for each name', async () => {
  server.claim('*.apps.example.com');
  server.claim('wiki.apps.example.com');
  server.map('*.apps.example.com', { basePath: '', stage: 'prod', target: target('all') });
  server.map('wiki.apps.example.com', { basePath: '', stage: 'prod', target: target('wiki') });
  server.map('wiki.apps.example.com', { basePath: 'v1/api', stage: 'prod', target: target('api') });

  expect(await ask('mail.apps.example.com')).toBe('all ');
  expect(await ask('wiki.apps.example.com')).toBe('wiki ');
  expect(await ask('wiki.apps.example.com', '/v1/api/x')).toBe('api v1/api');
  expect(await ask('wiki.apps.example.com', '/v1/apis')).toBe('wiki ');
  expect(await ask('apps.example.com')).toBe('{"message":"Forbidden"}');
});

test('a name is taken once, a base path is mapped once, and a WebSocket API shares its name with no other', () => {
  server.claim('a.example.com');
  server.map('a.example.com', { basePath: '', stage: 'prod', target: target('a') });

  expect(() => server.claim('a.example.com')).toThrow(/already exists/);
  expect(() => server.map('a.example.com', { basePath: '', stage: 'prod', target: target('b') })).toThrow(/already exists/);
  expect(() => server.map('a.example.com', { basePath: 'ws', stage: 'prod', target: target('c', 'WEBSOCKET') })).toThrow(/WebSocket/);
  expect(() => server.map('b.example.com', { basePath: '', stage: 'prod', target: target('d') })).toThrow(/Invalid domain name/);
});

test('a port in use is said to be so, with what to do', async () => {
  const second = startPublicServer({ port: server.port, tls: false, now: Date.now });

  await expect(second).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
    message: expect.stringMatching(/port \d+ .* another program uses it.*--port/),
  });
});

test('a request for an upgrade waits for the answer before it on its connection', async () => {
  const plain = await startPublicServer({ port: 0, tls: false, now: Date.now });
  let finish = (): void => {};
  plain.claim('wiki.apps.example.com');
  plain.map('wiki.apps.example.com', {
    ...{ basePath: '', stage: 'prod' },
    target: {
      protocol: 'REST',
      request: (message, response) => {
        if (message.url !== '/first') return void response.end('second');
        // The client has all of it before it is at its end.
        response.writeHead(200, { 'content-length': 5 }).write('first');
        finish = () => response.end();
      },
    },
  });
  const socket = connect(plain.port, '127.0.0.1');
  const received = (async () => {
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.endsWith('first')) {
        socket.write('GET /again HTTP/1.1\r\nHost: wiki.apps.example.com\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
        setImmediate(() => setImmediate(finish));
      }
    }
    return text;
  })();

  socket.write('GET /first HTTP/1.1\r\nHost: wiki.apps.example.com\r\n\r\n');

  expect(await received).toMatch(/first[\s\S]*second/);
  await plain.dispose();
});
