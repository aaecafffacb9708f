import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DecisionReport, IssuedCode, LogPage, ServiceTokenSecret, SessionReport, Status } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import type { HttpAnswer, HttpEvent } from '../http-api.ts';
import { digest } from '../keys.ts';
import { createDirectory } from '../stores/directory.ts';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import type { Application, Directory, Registry, ServiceTokens, Session, Sessions } from '../stores/records.ts';
import { createRegistry } from '../stores/registry.ts';
import { createServiceTokens } from '../stores/service-tokens.ts';
import { createSessions } from '../stores/sessions.ts';
import { createTable } from '../stores/table.ts';
import type { CloseTunnel } from './remove-connector.ts';
import type { LogQuery, RouterLog } from './router-log.ts';
import { createServeControl } from './serve-control.ts';

const NOW = 1_700_000_000_000;
const SECRET = 's'.repeat(43);
const wiki = {
  id: 'wiki',
  name: 'Wiki',
  externalUrl: 'https://wiki.apps.example.com/',
  internalUrl: 'http://wiki.corp/',
  access: 'everyone',
};

let emulated: EmulatedTables;
let serviceTokens: ServiceTokens;
let sessions: Sessions;
let registry: Registry;
let directory: Directory;
let tableName: string;
let lines: Array<Record<string, unknown>>;
let closed: string[];
let closeTunnel: CloseTunnel;
/** What the router's log was asked, and the pages that it answers. */
let searched: LogQuery[];
let pages: LogPage[];

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  lines = [];
  closed = [];
  closeTunnel = async (connectionId) => void closed.push(connectionId);
  searched = [];
  pages = [];
  const table = createTable(emulated.client, await emulated.create());
  registry = createRegistry({ table, now: () => NOW });
  sessions = createSessions({ table: createTable(emulated.client, await emulated.create()), now: () => NOW });
  serviceTokens = createServiceTokens({ table, now: () => NOW });
  tableName = await emulated.create();
  directory = createDirectory({ table: createTable(emulated.client, tableName) });
});

const ADMINISTRATOR = { iam: { userArn: 'arn:aws:iam::123456789012:user/ada' } };

const routerLog: RouterLog = {
  find: async (query) => {
    searched.push(query);
    return pages.shift() ?? { lines: [], next: null };
  },
};

const call = (method: string, path: string, body?: unknown, authorizer: object | null = ADMINISTRATOR): Promise<HttpAnswer> => {
  const serve = createServeControl({
    registry,
    directory,
    serviceTokens,
    sessions,
    routerLog,
    closeTunnel,
    tenant: 'example',
    domain: 'example.com',
    alternateHosts: [],
    claims: ['username'],
    portalUrl: 'https://portal.example.com',
    now: () => NOW,
    randomSecret: () => SECRET,
    log: createLog({ write: (line) => void lines.push(JSON.parse(line)), now: () => NOW }),
  });
  const event: HttpEvent = {
    rawPath: `/control/${path.split('?')[0]}`,
    rawQueryString: path.split('?')[1],
    headers: {},
    body: body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('base64'),
    isBase64Encoded: true,
    requestContext: {
      requestId: 'r-1',
      http: { method, path: `/control/${path}`, sourceIp: '192.0.2.1' },
      authorizer: authorizer ?? undefined,
    },
  };
  return serve(event);
};

const read = <Answer>({ body }: HttpAnswer): Answer => JSON.parse(body);

const enrolConnector = (id: string, group: string) =>
  registry.addConnector({
    id,
    name: id,
    group,
    signingKey: { kty: 'EC', x: id },
    sealingKey: { kty: 'EC', x: id },
    enrolledAt: NOW,
    version: '0.1.0',
    seenAt: NOW,
  });

const openTunnel = (connector: string, group: string, change: { seenAt?: number; draining?: boolean } = {}) =>
  registry.saveTunnel(
    { connectionId: `${connector}=`, connector, group, openedAt: NOW, seenAt: NOW, expiresAt: NOW + 7_200_000, draining: false, ...change },
    '0.1.0',
  );

describe('enrolment codes', () => {
  test('are good once, for the group, for an hour; the registry keeps the digest', async () => {
    const answer = await call('POST', 'enrolment-codes', { group: 'berlin' });

    expect(answer.statusCode).toBe(201);
    expect(read<IssuedCode>(answer)).toEqual({
      code: `https://portal.example.com/connectors/enrol#${SECRET}`,
      group: 'berlin',
      expiresAt: NOW + 3_600_000,
    });
    expect(await registry.takeEnrolmentCode(digest(SECRET))).toMatchObject({ group: 'berlin' });
  });

  test('are audited, without the secret', async () => {
    await call('POST', 'enrolment-codes', { group: 'berlin' });

    expect(lines).toMatchObject([
      { event: 'control.enrolment-code-issued', administrator: 'arn:aws:iam::123456789012:user/ada', group: 'berlin' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test.each([{ group: 'a#b' }, { group: 7 }, {}, null, 'x'])('a request %j is refused', async (body) => {
    const answer = await call('POST', 'enrolment-codes', JSON.stringify(body));

    expect([answer.statusCode, answer.headers['Content-Type']]).toEqual([400, 'application/problem+json']);
    expect(read<{ code: string }>(answer).code).toBe('ERR_REQUEST_INVALID');
  });
});

describe('applications', () => {
  test('are applied, and given back normalised', async () => {
    const applied = await call('PUT', 'applications', { applications: [wiki] });
    const listed = await call('GET', 'applications');

    expect([applied.statusCode, read(applied)]).toEqual([200, { written: ['wiki'], removed: [] }]);
    expect(read<{ applications: Application[] }>(listed).applications).toMatchObject([
      { id: 'wiki', host: 'wiki.apps.example.com', timeoutMs: 85_000 },
    ]);
    expect(lines[0]).toMatchObject({ event: 'control.applications-applied', written: ['wiki'], removed: [] });
  });

  test('one that is left out is removed', async () => {
    await call('PUT', 'applications', { applications: [wiki] });

    const applied = await call('PUT', 'applications', { applications: [] });

    expect(read(applied)).toEqual({ written: [], removed: ['wiki'] });
  });

  test('with one fault nothing is written, and every fault is told', async () => {
    const broken = { ...wiki, id: 'b', externalUrl: 'https://b.example.org/', timeout: 0 };

    const answer = await call('PUT', 'applications', { applications: [wiki, broken] });

    expect(answer.statusCode).toBe(400);
    const problem = read<{ code: string; detail: string; faults: Array<{ path: string }> }>(answer);
    expect(problem.code).toBe('ERR_CONFIGURATION_INVALID');
    expect(problem.faults.map(({ path }) => path)).toEqual(['applications[1].externalUrl', 'applications[1].timeout']);
    expect(problem.detail).toContain('Nothing was changed');
    expect(await directory.applications()).toEqual([]);
  });

  test('a claim that is not deployed cannot be used', async () => {
    const answer = await call('PUT', 'applications', {
      applications: [{ ...wiki, singleSignOn: { method: 'headers', headers: { 'X-Department': 'department' } } }],
    });

    expect(read<{ faults: Array<{ path: string }> }>(answer).faults[0]?.path).toBe('applications[0].singleSignOn.headers.X-Department');
  });

  test('a write that fails is answered in full, with what the applications are now', async () => {
    await call('PUT', 'applications', { applications: [wiki] });
    const table = createTable(emulated.client, tableName);
    const put = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Table t throttles.');
    };
    directory = createDirectory({ table: { ...table, put }, pause: async () => {} });

    const answer = await call('PUT', 'applications', {
      applications: [wiki, { ...wiki, id: 'new', externalUrl: 'https://new.apps.example.com/' }],
    });

    expect(answer.statusCode).toBe(503);
    expect(read<{ detail: string }>(answer).detail).toBe('Table t throttles. The applications are as they were: apply again.');
    expect(await directory.applications()).toMatchObject([{ id: 'wiki' }]);
  });

  test('an item that cannot be read is repaired by applying', async () => {
    const table = createTable(emulated.client, await emulated.create());
    directory = createDirectory({ table });
    await table.put({ pk: 'host#wiki.apps.example.com', sk: '/', id: 'wiki' });

    const answer = await call('PUT', 'applications', { applications: [wiki] });

    expect([answer.statusCode, read(answer)]).toEqual([200, { written: ['wiki'], removed: [] }]);
    expect(await directory.applications()).toMatchObject([{ id: 'wiki', name: 'Wiki' }]);
  });
});

describe('status', () => {
  test('says which connectors have tunnels and which applications can be reached', async () => {
    await call('PUT', 'applications', {
      applications: [wiki, { ...wiki, id: 'hr', externalUrl: 'https://hr.apps.example.com/', connectorGroup: 'berlin' }],
    });
    await enrolConnector('one', 'default');
    await openTunnel('one', 'default');

    const status = read<Status>(await call('GET', 'status'));

    expect(status).toMatchObject({ tenant: 'example', domain: 'example.com', portal: 'https://portal.example.com' });
    expect(status.connectors).toMatchObject([{ id: 'one', seenAt: NOW, tunnels: [{ connectionId: 'one=', draining: false }] }]);
    expect(status.groups).toEqual([
      { name: 'berlin', connectors: 0, liveTunnels: 0 },
      { name: 'default', connectors: 1, liveTunnels: 1 },
    ]);
    expect(Object.fromEntries(status.applications.map(({ id, reachable }) => [id, reachable]))).toEqual({ wiki: true, hr: false });
    expect(status.applications.find(({ id }) => id === 'hr')?.externalUrl).toBe('https://hr.apps.example.com/');
  });

  test.each([
    ['draining', { draining: true }],
    ['unseen for long', { seenAt: NOW - 151_000 }],
  ])('a tunnel that is %s is not live', async (_case, change) => {
    await enrolConnector('one', 'default');
    await openTunnel('one', 'default', change);

    const { groups } = read<Status>(await call('GET', 'status'));

    expect(groups).toEqual([{ name: 'default', connectors: 1, liveTunnels: 0 }]);
  });
});

describe('connectors', () => {
  test('are removed with their tunnels', async () => {
    await enrolConnector('one', 'default');
    await enrolConnector('other', 'default');
    await openTunnel('one', 'default');
    await openTunnel('other', 'default');

    const answer = await call('DELETE', 'connectors/one');

    expect([answer.statusCode, read(answer)]).toEqual([200, { connector: 'one', name: 'one', group: 'default', tunnelsLeftOpen: 0 }]);
    expect(await registry.findConnector('one')).toBeNull();
    expect(await registry.tunnels('default')).toMatchObject([{ connector: 'other' }]);
    expect(closed).toEqual(['one=']);
    expect(lines).toMatchObject([{ event: 'control.connector-removed', connector: 'one', tunnels: 1 }]);
  });

  test('are removed although a tunnel cannot be closed, which is told', async () => {
    await enrolConnector('one', 'default');
    await openTunnel('one', 'default');
    closeTunnel = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Throttled.');
    };

    const answer = await call('DELETE', 'connectors/one');

    expect([answer.statusCode, read(answer)]).toMatchObject([200, { tunnelsLeftOpen: 1 }]);
    expect([await registry.findConnector('one'), await registry.tunnels('default')]).toEqual([null, []]);
    expect(lines[0]).toMatchObject({
      level: 'error',
      event: 'control.tunnel-not-closed',
      connectionId: 'one=',
      administrator: expect.any(String),
    });
  });

  test('an unknown one is told', async () => {
    const answer = await call('DELETE', 'connectors/two');

    expect(answer.statusCode).toBe(404);
    expect(read<{ code: string; detail: string }>(answer)).toMatchObject({
      code: 'ERR_CONTROL_UNKNOWN',
      detail: expect.stringContaining('two'),
    });
  });
});

describe('links', () => {
  const line = (page: string, count: number, more: object = {}) => ({
    event: 'links.found',
    application: 'wiki',
    page,
    links: [
      { target: 'http://wiki.corp', published: 'wiki', count, places: { markup: count }, examples: [`http://wiki.corp/${count}`], ...more },
    ],
  });

  test('that the router found on pages of an application are summed up', async () => {
    const other = { target: 'http://files.corp', published: null, count: 9, places: { scripts: 9 }, examples: [] };
    const lines = [line('w/a', 1), line('w/b', 2, { places: { markup: 1, scripts: 1 } }), { ...line('w/c', 1), links: [other] }];
    pages = [{ lines: [...lines, { links: 'of another version' }, { links: [null, {}] }], next: 'more' }];

    const answer = await call('GET', 'links/wiki?from=1000&to=2000');

    expect(searched).toEqual([{ fields: [{ event: 'links.found', application: 'wiki' }], from: 1000, to: 2000, next: undefined }]);
    expect(read(answer)).toEqual({
      exchanges: 5,
      next: 'more',
      links: [
        { ...other, pages: ['w/c'] },
        {
          target: 'http://wiki.corp',
          published: 'wiki',
          count: 3,
          places: { markup: 2, scripts: 1 },
          examples: ['http://wiki.corp/1', 'http://wiki.corp/2'],
          pages: ['w/a', 'w/b'],
        },
      ],
    });
  });

  test('need a time to look at', async () => {
    expect((await call('GET', 'links/wiki?from=1')).statusCode).toBe(400);
    expect(searched).toEqual([]);
  });
});

describe('exchanges', () => {
  const finished = { time: '2026-11-24T10:00:05.000Z', event: 'exchange.finished', request: 'r-9', exchange: 'second', ms: 5000 };
  const retried = { time: '2026-11-24T10:00:01.000Z', event: 'exchange.retried', request: 'r-9', exchange: 'first', ms: 1000 };

  test('are found by their id or their request’s, with every attempt of the same request', async () => {
    pages = [
      { lines: [finished], next: null },
      { lines: [retried, finished], next: null },
    ];

    const answer = await call('GET', 'exchanges/second?from=1000&to=2000');

    expect(read(answer)).toEqual({ lines: [retried, finished], next: null });
    expect(searched).toEqual([
      { fields: [{ exchange: 'second' }, { request: 'second' }], from: 1000, to: 2000, next: undefined },
      { fields: [{ request: 'r-9' }], from: Date.parse(finished.time) - 6000, to: Date.parse(finished.time) + 1000 },
    ]);
  });

  test('that an attempt began are looked for as long as a request can take', async () => {
    pages = [{ lines: [retried], next: null }];

    await call('GET', 'exchanges/first?from=1000&to=2000');

    expect(searched[1]).toMatchObject({ from: Date.parse(retried.time) - 2000, to: Date.parse(retried.time) + 960_000 });
  });

  test('that are not found yet are looked for further with the token', async () => {
    pages = [{ lines: [], next: 'token/+=' }];

    const answer = await call('GET', `exchanges/x?from=1&to=2&next=${encodeURIComponent('before/+=')}`);

    expect(read(answer)).toEqual({ lines: [], next: 'token/+=' });
    expect(searched).toMatchObject([{ next: 'before/+=' }]);
  });

  test.each(['exchanges/x', 'exchanges/x?from=a&to=2', 'exchanges/x?from=1&to=-2', 'exchanges/x?from=&to=1e3'])(
    'need a time to look at: %s',
    async (path) => {
      const answer = await call('GET', path);

      expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([400, 'ERR_REQUEST_INVALID']);
      expect(searched).toEqual([]);
    },
  );
});

test.each([
  ['GET', 'exchanges/a"b', 404, 'ERR_CONTROL_UNKNOWN'],
  ['GET', 'nothing', 404, 'ERR_CONTROL_UNKNOWN'],
  ['GET', 'connectors/a/b', 404, 'ERR_CONTROL_UNKNOWN'],
  ['POST', 'status', 405, 'ERR_METHOD_REFUSED'],
  ['constructor', 'status', 405, 'ERR_METHOD_REFUSED'],
])('%s %s is answered %d', async (method, path, status, code) => {
  const answer = await call(method, path);

  expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([status, code]);
  expect(lines).toMatchObject([{ event: 'control.refused', code }]);
});

test.each([null, {}, { iam: {} }, { iam: { userArn: '' } }])(
  'nobody gets in whom API Gateway did not authenticate: %j',
  async (authorizer) => {
    const answer = await call('POST', 'enrolment-codes', { group: 'office' }, authorizer);

    expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([403, 'ERR_CONTROL_DENIED']);
    expect(await registry.takeEnrolmentCode(digest(SECRET))).toBeNull();
  },
);

test('a fault of ours is told to administrators in full', async () => {
  registry = createRegistry({ table: createTable(emulated.client, 'no-such-table'), now: () => NOW });

  const answer = await call('GET', 'status');

  expect(answer.statusCode).toBe(500);
  expect(read<{ detail: string }>(answer).detail).toContain('no-such-table');
});

describe('decisions', () => {
  const conditions = [{ name: 'Office', paths: ['/admin/'], refuse: { networks: ['192.0.2.0/24'] } }];
  const ask = async (url: string, situation: object, method = 'GET') => {
    await call('PUT', 'applications', { applications: [{ ...wiki, conditions }] });
    return call('POST', 'decisions', { method, url, situation });
  };

  test('are the router’s own, with everything that was looked at', async () => {
    const answer = await ask('https://WIKI.apps.example.com/x/../admin/?q', { user: 'alice', groups: ['staff'] });

    expect(read<DecisionReport>(answer)).toEqual({
      application: 'wiki',
      request: { method: 'GET', host: 'wiki.apps.example.com', path: '/x/../admin/' },
      outcome: 'deny',
      rule: 'Office',
      examined: [
        { rule: 'access', met: true, findings: [] },
        { rule: 'Office', met: false, findings: [{ requirement: 'networks', holds: true, wanted: '192.0.2.0/24', found: '192.0.2.1' }] },
      ],
    });
  });

  test.each([
    ['https://other.apps.example.com/', { user: 'alice' }, 404, 'ERR_APPLICATION_UNKNOWN'],
    ['https://wiki.apps.example.com:x/', { user: 'alice' }, 400, 'ERR_REQUEST_INVALID'],
    ['wiki', { user: 'alice' }, 400, 'ERR_REQUEST_INVALID'],
    ['https://wiki.apps.example.com/', { user: 'alice', shoeSize: 44 }, 400, 'ERR_CONFIGURATION_INVALID'],
  ])('%s, supposing %j, is refused as the router would, or named', async (url, situation, status, code) => {
    const answer = await ask(url, situation);

    expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([status, code]);
  });
});

describe('service tokens', () => {
  const publish = () => call('PUT', 'applications', { applications: [{ ...wiki, tokens: { services: true } }] });
  const create = (changes: object = {}) => call('POST', 'service-tokens', { name: 'ci', applications: ['wiki'], days: 30, ...changes });

  test('are shown once, kept as digests, and listed without their secrets', async () => {
    await publish();

    const made = read<ServiceTokenSecret>(await create());
    const listed = await call('GET', 'service-tokens');

    expect(made).toEqual({ name: 'ci', token: `sallyport_${SECRET}`, expiresAt: NOW + 30 * 86_400_000 });
    expect(await serviceTokens.find(digest(SECRET))).toMatchObject({ name: 'ci', createdBy: ADMINISTRATOR.iam.userArn });
    expect(read(listed)).toEqual({
      tokens: [
        {
          name: 'ci',
          applications: ['wiki'],
          createdAt: NOW,
          expiresAt: made.expiresAt,
          createdBy: ADMINISTRATOR.iam.userArn,
        },
      ],
    });
    expect(JSON.stringify(lines) + listed.body).not.toContain(SECRET);
  });

  test('rotate: the secret before ends within a day', async () => {
    await publish();
    const old = digest('an older secret');
    const record = {
      id: old,
      name: 'ci',
      applications: ['wiki'],
      createdAt: NOW - 1000,
      expiresAt: NOW + 30 * 86_400_000,
      createdBy: 'ada',
    };
    await serviceTokens.create(record);

    expect((await call('POST', 'service-tokens/ci/rotations')).statusCode).toBe(201);

    expect(await serviceTokens.find(old)).toMatchObject({ expiresAt: NOW + 86_400_000 });
    expect(await serviceTokens.find(digest(SECRET))).toMatchObject({ expiresAt: NOW + 30 * 86_400_000 + 1000 });
  });

  test('revoke ends them all', async () => {
    await publish();
    await create();

    expect((await call('DELETE', 'service-tokens/ci')).statusCode).toBe(200);

    expect(await serviceTokens.all()).toEqual([]);
    expect((await call('DELETE', 'service-tokens/ci')).statusCode).toBe(404);
    expect((await call('POST', 'service-tokens/ci/rotations')).statusCode).toBe(404);
  });

  test.each([
    [{ name: 'No Name' }, 'lower-case'],
    [{ applications: [] }, 'at least one application'],
    [{ applications: ['other'] }, 'other is none'],
    [{ days: 401 }, '1 to 400 days'],
    [{ days: '30' }, '1 to 400 days'],
  ])('%j is refused', async (changes, words) => {
    await publish();

    const answer = await create(changes);

    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(words)]);
  });

  test('an application that takes none gets none; a name is used once', async () => {
    await call('PUT', 'applications', { applications: [wiki] });
    expect((await create()).body).toContain('services: true');
    await publish();
    await create();

    expect((await create()).body).toContain('There is a service token ci');
  });
});

describe('sessions', () => {
  const user = { issuer: 'i', subject: 's', username: 'alice', name: '', email: '', groups: [], claims: {}, amr: [] };
  const session = (id: string, changes: Partial<Session> = {}): Session => ({
    ...{ id, parent: id, host: null, user, createdAt: NOW, expiresAt: NOW + 1000, mfa: true, authenticatedAt: null },
    ...changes,
  });
  const left = async (...ids: string[]) => (await Promise.all(ids.map((id) => sessions.find(id)))).map((one) => one?.id);
  beforeEach(async () => {
    await call('PUT', 'applications', { applications: [wiki] });
    for (const one of [
      session('p1'),
      session('p2'),
      session('p3', { user: { ...user, username: 'bob' } }),
      session('w1', { parent: 'p1', host: 'wiki.apps.example.com' }),
      session('o1', { parent: 'p1', host: 'other.apps.example.com' }),
    ])
      await sessions.create(one);
  });

  test('of a user are listed', async () => {
    const answer = await call('GET', 'sessions?user=alice');

    const ids = read<{ sessions: SessionReport[] }>(answer).sessions.map(({ id }) => id);
    expect(ids.sort()).toEqual(['p1', 'p2']);
  });

  test.each<[object, number, (string | undefined)[]]>([
    [{ user: 'alice' }, 2, [undefined, undefined, 'p3', undefined, undefined]],
    [{ session: 'p2' }, 1, ['p1', undefined, 'p3', 'w1', 'o1']],
    [{ application: 'wiki' }, 1, ['p1', 'p2', 'p3', undefined, 'o1']],
    [{ user: 'nobody' }, 0, ['p1', 'p2', 'p3', 'w1', 'o1']],
  ])('%j are revoked, and no others', async (which, revoked, expected) => {
    const answer = await call('POST', 'sessions/revocations', which);

    expect(read(answer)).toEqual({ revoked });
    expect(await left('p1', 'p2', 'p3', 'w1', 'o1')).toEqual(expected);
  });

  test.each([{}, { user: '' }, { user: 'a', session: 'b' }, { user: 7 }])('%j is refused', async (which) => {
    expect((await call('POST', 'sessions/revocations', which)).statusCode).toBe(400);
  });
});
