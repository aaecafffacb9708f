// Origins whose answers browsers accept though they are wrong; and those whose answers would pass for somebody else's.
import { describe, expect, test } from '@jest/globals';
import { call, createOrigins, serveRaw, textOf } from './testing/origins.ts';

/** Answers every request on every connection with the same bytes, in so many pieces; `close`: and ends. */
const serve = async (bytes: string, { close = false, cut = bytes.length } = {}) => {
  const seen = { requests: 0, connections: 0 };
  const host = await serveRaw((socket) => {
    seen.connections += 1;
    socket.setNoDelay(true);
    socket.on('data', () => {
      seen.requests += 1;
      socket.write(Buffer.from(bytes.slice(0, cut), 'latin1'));
      setImmediate(() => (close ? socket.end(bytes.slice(cut), 'latin1') : socket.write(Buffer.from(bytes.slice(cut), 'latin1'))));
    });
  });
  return { origin: `http://${host}`, seen };
};

describe('an answer that browsers accept arrives, and its connection is not used again', () => {
  test.each([
    ['one length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok', []],
    ['one length in two lines', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok', []],
    ['a length beside chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', []],
    ['folded lines', 'HTTP/1.1 200 OK\r\nX-A: a\r\n  b\r\nContent-Length: 2\r\n\r\nok', [['X-A', 'a b']]],
    ['bare line feeds', 'HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok', [['X-A', 'a']]],
    ['a name that is none', 'HTTP/1.1 200 OK\r\nX (A): a\r\nContent-Length: 2\r\n\r\nok', []],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok', []],
    ['control bytes', 'HTTP/1.1 200 OK\r\nX-A: a\x01b\rc\r\nContent-Length: 2\r\n\r\nok', [['X-A', 'a b c']]],
  ])('%s', async (_, bytes, fields) => {
    for (const cut of [bytes.length, 20]) {
      const { origin, seen } = await serve(bytes, { cut });
      const origins = createOrigins({ connections: 1 });

      for (let turn = 0; turn < 2; turn += 1) {
        const { status, headers, body } = await origins.call(call({ origin }));

        expect([status, headers.filter(([name]) => name !== 'Content-Length'), await textOf(body)]).toEqual([200, fields, 'ok']);
      }
      expect(seen).toEqual({ requests: 2, connections: 2 });
    }
  });

  test('where the end of the connection is the end of the answer, too', async () => {
    const { origin } = await serve('HTTP/1.0 200 OK\nX-A: a\n\nok', { close: true });

    const { headers, body } = await createOrigins().call(call({ origin }));

    expect([headers, await textOf(body)]).toEqual([[['X-A', 'a']], 'ok']);
  });
});

test.each([
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok'],
  ['two lengths in two lines', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'],
  ['a NUL byte', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 099 OK\r\n\r\n'],
])('an answer that could be read in two ways is refused, and its request not sent twice: %s', async (_, bytes) => {
  const { origin, seen } = await serve(bytes);

  await expect(createOrigins().call(call({ origin }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_INVALID' });

  expect(seen).toEqual({ requests: 1, connections: 1 });
});

describe('no answer is split into one for a later request', () => {
  const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

  test.each([
    ['by a line feed that was let into a field', `HTTP/1.1 302 Found\r\nLocation: /\nContent-Length: 0\n\n${SECOND}`],
    ['by a length beside chunks', `HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`],
    ['by a length twice', `HTTP/1.1 200 OK\r\nContent-Length: 0, 0\r\n\r\n${SECOND}`],
    ['by chunks of HTTP/1.0', `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`],
  ])('%s', async (_, bytes) => {
    const end = bytes.indexOf(SECOND);
    let connections = 0;
    const host = await serveRaw((socket) => {
      connections += 1;
      const first = connections === 1;
      let requests = 0;
      socket.on('data', () => {
        requests += 1;
        // What the attacker planted comes only when the next request is already there.
        if (first && requests === 1) socket.write(bytes.slice(0, end));
        else if (first) socket.write(bytes.slice(end));
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');
      });
    });
    const origins = createOrigins({ connections: 1 });
    await textOf((await origins.call(call({ origin: `http://${host}` }))).body);

    const { body } = await origins.call(call({ origin: `http://${host}` }));

    expect([await textOf(body), connections]).toEqual(['good', 2]);
  });
});

test('interim answers without end are refused', async () => {
  const CONTINUES = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(2_000));
  let closed = false;
  const host = await serveRaw((socket) => {
    const more = () => {
      if (!socket.destroyed) socket.write(CONTINUES, more);
    };
    socket.once('data', more).on('close', () => (closed = true));
  });

  await expect(createOrigins().call(call({ origin: `http://${host}` }))).rejects.toMatchObject({
    code: 'ERR_ORIGIN_INVALID',
    message: expect.stringContaining('interim'),
  });
  while (!closed) await new Promise((resume) => setImmediate(resume));
});
