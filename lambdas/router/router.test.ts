import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SallyportError } from '../../protocol/errors.ts';
import { application, event, HOST, user } from './testing/records.ts';
import { answerWith, createRig } from './testing/rig.ts';

const problem = (body: Buffer): Record<string, unknown> => JSON.parse(body.toString());

test('a signed-in user gets what the origin answers', async () => {
  const rig = createRig();

  const { response } = await rig.ask({ path: '/a%2Fb', multiValueQueryStringParameters: { x: ['1'] } });

  expect(response.status).toBe(200);
  expect(response.headers).toEqual([['Content-Type', 'text/plain']]);
  expect(response.body().toString()).toBe('hello');
  expect(response.ended).toBe(true);
  expect(rig.requests()[0]).toMatchObject({
    connector: 'connector-a',
    application: 'wiki',
    user: 'alice@example.com',
    method: 'GET',
    url: 'http://wiki.internal:8080/a%2Fb?x=1',
    timeoutMs: 30_000,
    verifyCertificate: true,
    hasBody: false,
    end: true,
  });
});

test('the smallest exchange, warm, is one post, no store, no probe, nothing else', async () => {
  const rig = createRig();
  const cookie = rig.signIn();
  const asked = event({ headers: { Cookie: [cookie] } });
  await rig.begin(asked).done;
  rig.received.length = 0;
  rig.replyApi.heard.length = 0;
  Object.assign(rig.reads, { directory: 0, sessions: 0, registry: 0 });

  await rig.begin(asked).done;

  expect(rig.received.map(({ frame }) => frame.type)).toEqual(['request']);
  expect(rig.reads).toEqual({ directory: 0, sessions: 0, registry: 0 });
  expect(rig.replyApi.heard).toEqual([]);
  expect(rig.replyApi.dialled).toHaveLength(1);
});

describe('refusals', () => {
  test('an unknown host is 404 and costs no session look-up', async () => {
    const rig = createRig();

    const { response } = await rig.ask({ host: 'none.apps.example.com' });

    expect(response.status).toBe(404);
    expect(problem(response.body())).toMatchObject({ code: 'ERR_APPLICATION_UNKNOWN' });
    expect(rig.reads.sessions).toBe(0);
  });

  test('a user without access is 403, and the log says who', async () => {
    const rig = createRig();
    rig.applications.splice(0, 1, application({ access: { users: ['bob'], groups: ['admins'] } }));

    const { response } = await rig.ask();

    expect(response.status).toBe(403);
    expect(rig.received).toEqual([]);
    expect(rig.logged('exchange.refused')).toMatchObject([{ code: 'ERR_ACCESS_DENIED', user: 'alice@example.com', application: 'wiki' }]);
  });

  test('a session of another host does not count here', async () => {
    const rig = createRig();
    const cookie = rig.signIn({ host: 'other.apps.example.com' });

    const { response } = await rig.ask({ headers: { Cookie: [cookie] } });

    expect(response.status).toBe(401);
    expect(rig.received).toEqual([]);
  });

  test('an application that lets everyone pass asks nobody who they are, and tells nobody', async () => {
    const rig = createRig();
    rig.applications.splice(
      0,
      1,
      application({
        preAuthentication: 'pass-through',
        access: { users: [], groups: [] },
        singleSignOn: { method: 'headers', headers: { 'X-User': '{username}' } },
      }),
    );

    const { response } = await rig.ask({ headers: { x_user: ['admin'] } });

    expect(response.status).toBe(200);
    expect(rig.reads.sessions).toBe(0);
    expect(rig.requests()[0]!.user).toBeNull();
    expect(JSON.stringify(rig.requests()[0]!.headers)).not.toMatch(/admin|sallyport-session/);
  });

  test('a path without its final slash is redirected, query kept', async () => {
    const rig = createRig();
    rig.applications.splice(0, 1, application({ path: '/wiki/' }));

    const { response } = await rig.ask({ path: '/wiki', multiValueQueryStringParameters: { a: ['1'] } });

    expect(response.status).toBe(308);
    expect(response.header('Location')).toBe(`https://${HOST}/wiki/?a=1`);
  });

  test('a body above the limit is 413 before anything reaches a connector', async () => {
    const rig = createRig();

    const { response } = await rig.ask({ httpMethod: 'POST', body: 'x'.repeat(4_400_001) });

    expect(response.status).toBe(413);
    expect(rig.received).toEqual([]);
  });

  test('a claim that no header can hold is refused, not cut', async () => {
    const rig = createRig();
    rig.applications.splice(0, 1, application({ singleSignOn: { method: 'headers', headers: { 'X-Name': '{name}' } } }));
    const cookie = rig.signIn({ user: user({ name: 'a\r\nX-Admin: 1' }) });

    const { response } = await rig.ask({ headers: { Cookie: [cookie] } });

    expect(response.status).toBe(403);
    expect(rig.received).toEqual([]);
  });
});

describe('a store that fails never lets anyone in', () => {
  test.each(['directory', 'sessions', 'registry'] as const)('%s: 503 with Retry-After', async (store) => {
    const rig = createRig();
    rig.failing[store] = new SallyportError('ERR_STORE_UNAVAILABLE', 'Table x throttles.');

    const { response } = await rig.ask();

    expect(response.status).toBe(503);
    expect(response.header('Retry-After')).toBe('5');
    expect(problem(response.body())).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(rig.received).toEqual([]);
  });

  test('an error of no known kind is 500, and tells the user nothing of itself', async () => {
    const rig = createRig();
    rig.failing.directory = new Error('secret-table at 10.0.0.1');

    const { response } = await rig.ask();

    expect(response.status).toBe(500);
    expect(response.body().toString()).not.toMatch(/secret-table|10\.0\.0\.1/);
    expect(rig.logged('request.failed')).toMatchObject([
      { level: 'error', code: 'ERR_INTERNAL', error: expect.stringContaining('secret-table') },
    ]);
  });

  test('with warm caches, directory and registry are served while they throttle, sessions are not', async () => {
    const rig = createRig();
    const cookie = rig.signIn();
    await rig.begin(event({ headers: { Cookie: [cookie] } })).done;
    rig.failing.directory = new SallyportError('ERR_STORE_UNAVAILABLE');
    rig.failing.registry = new SallyportError('ERR_STORE_UNAVAILABLE');

    await rig.clock.advance(30_000);
    const served = rig.begin(event({ headers: { Cookie: [cookie] } }));
    await served.done;
    rig.failing.sessions = new SallyportError('ERR_STORE_UNAVAILABLE');
    await rig.clock.advance(10_001);
    const refused = rig.begin(event({ headers: { Cookie: [cookie] } }));
    await refused.done;

    expect(served.response.status).toBe(200);
    expect(refused.response.status).toBe(503);
  });

  test('a revoked session is refused within ten seconds', async () => {
    const rig = createRig();
    const asked = event({ headers: { Cookie: [rig.signIn()] } });
    await rig.begin(asked).done;
    rig.sessions.clear();

    await rig.clock.advance(10_000);
    const { response, done } = rig.begin(asked);
    await done;

    expect(response.status).toBe(401);
  });
});

describe('the page of a failure', () => {
  test('a person sees what failed, where, when, and the id that the log has; nothing of it runs', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', 'gone');

    const { response } = await rig.ask({ headers: { 'Sec-Fetch-Mode': ['navigate'] } });

    const page = response.body().toString();
    const [line] = rig.logged('exchange.failed');
    expect(response.status).toBe(503);
    expect(response.header('Content-Type')).toBe('text/html; charset=utf-8');
    expect(response.header('Content-Security-Policy')).toMatch(/^default-src 'none'/);
    expect(page).toContain('ERR_NO_CONNECTOR');
    expect(page).toContain('between the entrance and the connector');
    expect(page).toContain('2026-11-24T00:00:00.000Z');
    expect(page).toContain(String(line!.exchange));
    expect(page).not.toContain('<script');
  });

  test('what a request says is never in it', async () => {
    const { response } = await createRig().ask({
      path: '/..<script>alert(1)</script>',
      host: 'a"b<c',
      headers: { 'Sec-Fetch-Mode': ['navigate'] },
    });

    expect(response.status).toBe(400);
    expect(response.body().toString()).not.toMatch(/alert|a"b/);
  });

  test('HEAD has the head of it alone', async () => {
    const { response } = await createRig().ask({ httpMethod: 'HEAD', host: 'none.example.com' });

    expect(response.status).toBe(404);
    expect(response.body()).toHaveLength(0);
    expect(response.ended).toBe(true);
  });

  test('a program gets problem+json (RFC 9457) that says the hop', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;

    const { response } = await rig.ask();

    expect(response.header('Content-Type')).toBe('application/problem+json');
    expect(problem(response.body())).toMatchObject({
      type: 'urn:sallyport:error:ERR_NO_CONNECTOR',
      status: 503,
      id: 'request-1',
      detail: expect.stringContaining('connector'),
    });
  });
});

test('logs never hold cookies, headers or query values', async () => {
  const rig = createRig();
  const cookie = rig.signIn();

  await rig.ask({
    headers: { Cookie: [cookie], Authorization: ['Bearer topsecret'] },
    multiValueQueryStringParameters: { token: ['topsecret'] },
  });
  await rig.ask({ headers: { Cookie: [cookie, cookie] } });
  await rig.ask({ headers: { Cookie: ['a\r\nb=topsecret'] } });

  const text = JSON.stringify(rig.lines);
  expect(rig.logged('exchange.finished')).toHaveLength(1);
  expect(text).not.toContain('topsecret');
  expect(text).not.toContain(cookie.split('=')[1]);
});

test('fail-open parse: no event without a good session reaches a connector, whatever is in it', async () => {
  const rig = createRig();
  rig.behaviours.set('tunnel-a=', answerWith('secret'));
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const cookies = fc.oneof(
    text,
    fc.constantFrom('__Host-sallyport-session', `__Host-sallyport-session=${'a'.repeat(43)}`, '=', ';;', '__Host-sallyport-session=%00'),
  );
  const events = fc.record({
    httpMethod: fc.constantFrom('GET', 'POST', 'HEAD', 'TRACE', 'PROPFIND', ''),
    path: fc.oneof(text, fc.constantFrom('/', '/.sallyport/session', '/.sallyport/sign-out', '/x')),
    headers: fc.dictionary(
      fc.constantFrom('Cookie', 'cookie', 'X-Forwarded-For', 'X-Original-URL', 'Accept'),
      fc.array(cookies, { maxLength: 2 }),
    ),
    body: fc.option(text),
    isBase64Encoded: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(events, async (changes) => {
      const { response, done } = rig.begin(event(changes));
      await done;
      expect(response.status).toBeGreaterThanOrEqual(300);
      expect(rig.received).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
