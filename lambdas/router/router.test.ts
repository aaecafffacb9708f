import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SallyportError } from '../../protocol/errors.ts';
import type { Application, ApplicationHere } from '../stores/records.ts';
import { failWith, manual, withTwo } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { application, type EventChanges, event, HOST, user } from './testing/records.ts';
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

describe('maintenance', () => {
  const under = (maintenance: string | null, changes: Partial<Application> = {}) => {
    const rig = createRig();
    rig.applications[0] = application({ maintenance, ...changes });
    return rig;
  };

  test('every user who may use the application reads the administrator’s words, and nothing reaches a connector', async () => {
    const rig = under('Back on <Monday>');

    const { response } = await rig.ask({ headers: { 'Sec-Fetch-Mode': ['navigate'] } });

    expect(response.status).toBe(503);
    expect(response.header('Retry-After')).toBe('300');
    expect(response.body().toString()).toContain('Back on &lt;Monday&gt;');
    expect(rig.received).toEqual([]);
    expect(rig.logged('request.answered')).toMatchObject([{ answer: 'maintenance', status: 503 }]);
  });

  test('a program gets the words as a problem', async () => {
    const { response } = await under('Back on Monday').ask();

    expect(problem(response.body())).toMatchObject({ status: 503, code: 'ERR_MAINTENANCE', detail: 'Back on Monday' });
  });

  test('without words of the administrator’s own there are some of ours', async () => {
    const { response } = await under('').ask();

    expect(problem(response.body()).detail).toContain('being worked on');
  });

  test('is nobody’s business who could not use the application anyway', async () => {
    const stranger = under('secret plan').begin(event());
    const refused = await under('secret plan', { access: { users: ['bob'], groups: [] } }).ask();
    await stranger.done;

    expect([stranger.response.status, refused.response.status]).toEqual([401, 403]);
    expect(stranger.response.body().toString() + refused.response.body().toString()).not.toContain('secret plan');
  });

  test('of an application without sign-in is told to everyone', async () => {
    const asked = under('Back on Monday', { preAuthentication: 'pass-through' }).begin(event());
    await asked.done;

    expect(asked.response.status).toBe(503);
  });
});

describe('an application whose connectors are all gone', () => {
  test('is offline; when one was seen last is in the log, not on the page', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;
    const connector = { id: 'hall-1', name: 'hall', group: 'default', version: '1', enrolledAt: 0, seenAt: Date.UTC(2026, 10, 1) };
    rig.connectors.push({ ...connector, signingKey: { kty: 'EC' }, sealingKey: { kty: 'EC' } });

    const { response } = await rig.ask({ headers: { 'Sec-Fetch-Mode': ['navigate'] } });

    expect(response.status).toBe(503);
    expect(response.body().toString()).toContain('offline');
    expect(response.body().toString()).not.toMatch(/2026-11-01|hall/);
    expect(rig.logged('request.failed')).toMatchObject([
      { code: 'ERR_NO_CONNECTOR', error: expect.stringContaining('the last was seen at 2026-11-01T00:00:00.000Z') },
    ]);
  });

  test('none was ever enrolled: the log says so', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;

    await rig.ask();

    expect(rig.logged('request.failed')).toMatchObject([{ error: expect.stringContaining('none is enrolled') }]);
  });
});

describe('/robots.txt', () => {
  const asked = async (changes: EventChanges = {}, ...applications: ApplicationHere[]) => {
    const rig = createRig();
    if (applications.length > 0) rig.applications.splice(0, 1, ...applications);
    const { response, done } = rig.begin(event({ path: '/robots.txt', ...changes }));
    await done;
    return { rig, response };
  };

  test('turns crawlers away without a sign-in', async () => {
    const { rig, response } = await asked();

    expect(response.status).toBe(200);
    expect(response.header('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(response.body().toString()).toBe('User-agent: *\nDisallow: /\n');
    expect(rig.received).toEqual([]);
  });

  test('of a host whose applications are below paths does so too', async () => {
    const { response } = await asked({}, application({ path: '/wiki/', robots: 'application' }));

    expect(response.body().toString()).toContain('Disallow: /');
  });

  test('is the application’s where the tenant file says so, by the application’s own rules', async () => {
    const open = application({ robots: 'application', preAuthentication: 'pass-through' });
    const own = await asked({}, open);
    const guarded = await asked({}, application({ robots: 'application' }));

    expect(own.response.body().toString()).toBe('hello');
    expect(guarded.response.status).toBe(401);
    expect(guarded.rig.received).toEqual([]);
  });

  test.each<EventChanges>([{ path: '/robots%2Etxt' }, { path: '/a/robots.txt' }, { path: '/robots.txt/' }, { httpMethod: 'POST' }])(
    'and nothing else gets by without a sign-in: %j',
    async (changes) => {
      const { rig, response } = await asked(changes);

      expect(response.status).toBe(401);
      expect(rig.received).toEqual([]);
    },
  );

  test('of a host without applications is nothing', async () => {
    const { response } = await asked({ host: 'none.example.com' });

    expect(response.status).toBe(404);
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

describe('the log’s line of a request', () => {
  test('tells when each step was reached, and what the connector measured', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const asked = rig.begin(event({ headers: { Cookie: [rig.signIn()] } }));
    await turn();

    await rig.clock.advance(30);
    connector.send(
      {
        type: 'response',
        exchange: connector.exchange(),
        n: 0,
        status: 200,
        headers: [],
        end: false,
        timings: { verified: 4, connected: 1, answered: 20, sent: 21 },
      },
      Buffer.alloc(0),
    );
    await rig.clock.advance(5);
    connector.body(1, 'hello', true);
    await asked.done;

    expect(rig.logged('exchange.finished')).toMatchObject([
      {
        request: 'request-1',
        exchange: connector.exchange(),
        connector: 'connector-a',
        tunnel: 'tunnel-a=',
        application: 'wiki',
        user: 'alice@example.com',
        method: 'GET',
        host: 'wiki.apps.example.com',
        status: 200,
        bytes: 5,
        ms: 35,
        resolved: 0,
        admitted: 0,
        posted: 0,
        head: 30,
        firstByte: 35,
        premises: { verified: 4, connected: 1, answered: 20, sent: 21 },
      },
    ]);
  });

  test('of an attempt that failed belongs to the same request, and has its own course', async () => {
    const rig = withTwo(failWith('ERR_CONNECTOR_BUSY'));

    await rig.ask();

    const [retried] = rig.logged('exchange.retried');
    const [finished] = rig.logged('exchange.finished');
    expect(retried).toMatchObject({
      request: 'request-1',
      connector: 'connector-a',
      tunnel: 'tunnel-a=',
      posted: 0,
      ms: 0,
      code: 'ERR_CONNECTOR_BUSY',
    });
    expect(finished).toMatchObject({ request: 'request-1', connector: 'connector-b', tunnel: 'tunnel-b=' });
    expect(finished?.exchange).not.toBe(retried?.exchange);
  });

  test('that we answered ourselves says with what', async () => {
    const rig = createRig();

    await rig.begin(event()).done;
    await rig.begin(event({ path: '/.sallyport/sign-out' })).done;

    expect(rig.logged('request.answered').map(({ answer, resolved }) => [answer, resolved])).toEqual([
      ['sign-in', 0],
      ['reserved', undefined],
    ]);
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
