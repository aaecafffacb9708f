import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import { systemClock } from './clock.ts';
import { type EnrolOptions, enrol, parseEnrolmentCode } from './enrol.ts';
import { createNetwork } from './network.ts';
import { listen } from './testing/fake-service.ts';

const SECRET = 'a'.repeat(43);
const ANSWER = { connector: 'hall-1', tenant: 'contoso', group: 'office', tunnelUrl: 'wss://tunnel.example.com/live' };
const open: Array<() => void> = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

interface Given {
  readonly status?: number;
  readonly answer?: unknown;
  readonly date?: number;
}

const portal = async ({ status = 201, answer = ANSWER, date = Date.now() }: Given = {}) => {
  const received: Array<{ url: string; body: Record<string, unknown> }> = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ url: request.url!, body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(status, { Date: new Date(date).toUTCString() });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  const port = await listen(server);
  open.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { port, received, text: `http://portal.sallyport.localhost:${port}/connectors/enrol#${SECRET}` };
};

const enrolAt = (text: string, options: Partial<EnrolOptions> = {}, env: Record<string, string> = {}) => {
  const network = createNetwork({ env, extraCa: null });
  open.push(() => network.close());
  return enrol({ code: parseEnrolmentCode(text), name: 'hall', network, clock: systemClock, ...options });
};

describe('enrolment', () => {
  test('sends public keys with a proof, and answers who this connector is', async () => {
    const { text, received } = await portal();

    const identity = await enrolAt(text);

    const { url, body } = received[0]!;
    const { payload } = await compactVerify(body.proof as string, await importJWK(body.signingKey as JWK, 'ES256'));
    expect(url).toBe('/connectors/enrol');
    expect(body).toMatchObject({ code: SECRET, name: 'hall', version: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('"d"');
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
      code: createHash('sha256').update(SECRET).digest('base64url'),
      sealingKey: await calculateJwkThumbprint(body.sealingKey as JWK),
      iat: expect.any(Number),
    });
    expect(identity).toMatchObject({ ...ANSWER, signingKey: { d: expect.any(String) }, sealingKey: { d: expect.any(String) } });
  });

  test('goes through the proxy that the environment names', async () => {
    const { port, received } = await portal();
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url!);
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    const proxyPort = await listen(proxy);
    open.push(() => proxy.close());
    const network = createNetwork({ env: { http_proxy: `http://127.0.0.1:${proxyPort}` }, extraCa: null });
    open.push(() => network.close());

    // Over open networks a code travels under TLS only, so this one is made by hand.
    const code = { url: new URL(`http://portal.example.com/connectors/enrol`), secret: SECRET };
    await enrol({ code, name: 'hall', network, clock: systemClock });

    expect(asked).toEqual(['portal.example.com:80']);
    expect(received).toHaveLength(1);
  });
});

describe('enrolment fails with a clear word', () => {
  const problem = (code: string, detail = 'why') => ({ type: 'about:blank', title: 't', status: 400, code, detail });

  test('when the code was used or has expired', async () => {
    const { text } = await portal({ status: 400, answer: problem('ERR_ENROLMENT_INVALID') });

    await expect(enrolAt(text)).rejects.toMatchObject({
      code: 'ERR_ENROLMENT_INVALID',
      message: expect.stringMatching(/used before, or is older than an hour.*npx sallyport connector enroll/s),
    });
  });

  test.each([
    ['ahead', -3_600_000],
    ['behind', 3_600_000],
  ])('when the clock is an hour %s', async (side, offset) => {
    const { text } = await portal({ status: 401, answer: problem('ERR_CONNECTOR_CLOCK'), date: Date.now() + offset });

    await expect(enrolAt(text)).rejects.toMatchObject({
      code: 'ERR_CONNECTOR_CLOCK',
      message: expect.stringMatching(new RegExp(`(59|60|61) minutes ${side}.*NTP`)),
    });
  });

  test('when the portal cannot be reached', async () => {
    await expect(enrolAt(`http://localhost:1/connectors/enrol#${SECRET}`)).rejects.toMatchObject({
      code: 'ERR_SERVICE_UNREACHABLE',
      message: expect.stringContaining('http://localhost:1'),
    });
  });

  test('when something else answers in its place', async () => {
    const { text } = await portal({ status: 502, answer: '<html>Bad gateway</html>' });

    await expect(enrolAt(text)).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('502') });
  });

  test.each([
    ['is no JSON', 'hello'],
    ['lacks the tunnel', { connector: 'a', tenant: 'b', group: 'c' }],
    ['names a tunnel without TLS', { ...ANSWER, tunnelUrl: 'ws://tunnel.example.com/' }],
  ])('when the answer %s', async (_, answer) => {
    const { text } = await portal({ answer });

    await expect(enrolAt(text)).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  });

  test('when the portal refuses for another reason, with its code', async () => {
    const { text } = await portal({ status: 503, answer: problem('ERR_STORE_UNAVAILABLE', 'throttled') });

    await expect(enrolAt(text)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', message: expect.stringContaining('throttled') });
  });

  test.each([
    '',
    SECRET,
    `portal.example.com/connectors/enrol#${SECRET}`,
    'https://portal.example.com/connectors/enrol',
    'https://portal.example.com/connectors/enrol#short',
    `https://portal.example.com/connectors/enrol#${SECRET}x`,
    `http://portal.example.com/connectors/enrol#${SECRET}`,
  ])('when the code is none, without repeating it: %p', (text) => {
    const parse = () => parseEnrolmentCode(text);

    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_ENROLMENT_INVALID' }));
    expect(parse).not.toThrow(SECRET);
  });

  test('but not for blanks around the code', () => {
    expect(parseEnrolmentCode(`\n https://portal.example.com/connectors/enrol#${SECRET} \n`).secret).toBe(SECRET);
  });
});
