import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { IssuedCode, Status } from '../../protocol/control.ts';
import type { OriginReport } from '../../protocol/tunnel-messages.ts';
import { digest } from '../keys.ts';
import { faultsOf } from '../pages/testing/own-answer.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { ROUTES } from './serve-control.ts';
import { NOW, read, SECRET, startWorld, type World, wiki } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('enrolment codes', () => {
  test('are good once, for the group, for an hour; the registry keeps the digest', async () => {
    const answer = await world.call('POST', 'enrolment-codes', { group: 'berlin' });

    expect(answer.statusCode).toBe(201);
    expect(read<IssuedCode>(answer)).toEqual({
      code: `https://portal.example.com/connectors/enrol#${SECRET}`,
      group: 'berlin',
      expiresAt: NOW + 3_600_000,
    });
    expect(await world.registry.takeEnrolmentCode(digest(SECRET))).toMatchObject({ group: 'berlin' });
  });

  test('are audited, without the secret', async () => {
    await world.call('POST', 'enrolment-codes', { group: 'berlin' });

    expect(world.lines).toMatchObject([
      { event: 'control.enrolment-code-issued', administrator: 'arn:aws:iam::123456789012:user/ada', group: 'berlin' },
    ]);
    expect(JSON.stringify(world.lines)).not.toContain(SECRET);
  });

  test.each([{ group: 'a#b' }, { group: 7 }, {}, null, 'x'])('a request %j is refused', async (body) => {
    const answer = await world.call('POST', 'enrolment-codes', JSON.stringify(body));

    expect([answer.statusCode, answer.headers['Content-Type']]).toEqual([400, 'application/problem+json']);
    expect(read<{ code: string }>(answer).code).toBe('ERR_REQUEST_INVALID');
  });
});

describe('status', () => {
  const groups = { hr: 'berlin', wiki: 'default' };
  const publish = (changes: Record<string, object> = {}) =>
    world.call('PUT', 'applications', {
      applications: Object.entries(groups).map(([id, connectorGroup]) => ({
        ...{ ...wiki, id, externalUrl: `https://${id}.apps.example.com/`, internalUrl: `http://${id}.corp/`, connectorGroup },
        ...changes[id],
      })),
    });
  const connect = async (id: string, group: string, origins: readonly OriginReport[] | null = null, change = {}) => {
    await world.enrolConnector(id, group);
    await world.openTunnel(id, group, change);
    if (origins) await world.registry.saveReports({ connector: id, group }, origins);
  };
  const find = async (id: string) => read<Status>(await world.call('GET', 'status')).applications.find((known) => known.id === id)!;
  const [origin, code] = ['http://wiki.corp', 'ERR_ORIGIN_UNREACHABLE'];

  test('lists connectors, groups and applications in order', async () => {
    await publish();
    await connect('two', 'default');
    await connect('one', 'default');

    const status = read<Status>(await world.call('GET', 'status'));

    expect(status).toMatchObject({ tenant: 'example', domain: 'example.com', portal: 'https://portal.example.com' });
    expect(status.connectors).toMatchObject([
      { id: 'one', seenAt: NOW, tunnels: [{ connectionId: 'one=', draining: false }] },
      { id: 'two' },
    ]);
    expect(status.groups).toEqual([
      { name: 'berlin', connectors: 0, liveTunnels: 0 },
      { name: 'default', connectors: 2, liveTunnels: 2 },
    ]);
    expect(status.applications).toMatchObject([
      { id: 'hr', reachable: false, state: 'offline', externalUrl: 'https://hr.apps.example.com/' },
      { id: 'wiki', reachable: false, state: 'unknown' },
    ]);
  });

  test('an application is reachable when one connector of its group reaches it, whatever the others say', async () => {
    await publish();
    await connect('one', 'default', [{ origin, at: NOW - 5, code: 'ERR_ORIGIN_NOT_ALLOWED', probed: true }]);
    await connect('two', 'default', [{ origin, at: NOW - 9 }]);

    expect(await find('wiki')).toMatchObject({
      reachable: true,
      state: 'reachable',
      origins: [
        {
          origin,
          reachable: true,
          attempts: [
            { connector: 'one', at: NOW - 5, by: 'probe', code: 'ERR_ORIGIN_NOT_ALLOWED' },
            { connector: 'two', at: NOW - 9, by: 'request', code: null },
          ],
        },
      ],
    });
  });

  test.each<[string, string, ReadonlyArray<readonly [OriginReport[] | null, object?]>]>([
    ['unreachable', 'all of them fail', [[[{ origin, at: NOW, code }]], [[{ origin, at: NOW, code }]]]],
    ['unknown', 'one fails and one has not tried', [[[{ origin, at: NOW, code }]], [null]]],
    ['unknown', 'what was told is old', [[[{ origin, at: NOW - 16 * 60_000 }]]]],
    ['unknown', 'another origin was reached', [[[{ origin: 'http://wiki.corp:81', at: NOW }]]]],
    ['unknown', 'it was reached without looking at the certificate', [[[{ origin, at: NOW, unverified: true }]]]],
    [
      'unreachable',
      'the one that reached it has no live tunnel',
      [[[{ origin, at: NOW, code }]], [[{ origin, at: NOW }], { draining: true }]],
    ],
    ['offline', 'nobody has a live tunnel', [[[{ origin, at: NOW }], { seenAt: NOW - 151_000 }]]],
  ])('it is %s when %s', async (state, _, connectors) => {
    await publish();
    for (const [index, [origins, change]] of connectors.entries()) await connect(`c${index}`, 'default', origins, change);

    expect(await find('wiki')).toMatchObject({ reachable: false, state });
  });

  test('an application with segments needs each of its origins, from whichever connector', async () => {
    await publish({
      wiki: { segments: [{ externalUrl: 'https://wiki.apps.example.com/files/', internalUrl: 'http://files.corp/files/' }] },
    });
    await connect('one', 'default', [
      { origin, at: NOW },
      { origin: 'http://files.corp', at: NOW, code },
    ]);
    const half = await find('wiki');
    await connect('two', 'default', [
      { origin, at: NOW, code },
      { origin: 'http://files.corp', at: NOW },
    ]);

    expect(half).toMatchObject({ state: 'unreachable', origins: [{ origin, reachable: true }, { reachable: false }] });
    expect(await find('wiki')).toMatchObject({ state: 'reachable' });
  });

  test('an application whose hosts are a wildcard is as the last of them that was tried', async () => {
    await publish({ wiki: { externalUrl: 'https://*.apps.example.com/', internalUrl: 'http://*.corp.example/' } });
    await connect('one', 'default', [
      { origin: 'http://a.corp.example', at: NOW - 2, code },
      { origin: 'http://b.corp.example', at: NOW - 1 },
      { origin: 'http://c.d.corp.example', at: NOW, code },
    ]);

    expect(await find('wiki')).toMatchObject({ state: 'reachable', origins: [{ origin: 'http://*.corp.example' }] });
  });

  test.each([
    ['draining', { draining: true }],
    ['unseen for long', { seenAt: NOW - 151_000 }],
  ])('a tunnel that is %s is not live', async (_case, change) => {
    await world.enrolConnector('one', 'default');
    await world.openTunnel('one', 'default', change);

    const { groups } = read<Status>(await world.call('GET', 'status'));

    expect(groups).toEqual([{ name: 'default', connectors: 1, liveTunnels: 0 }]);
  });
});

test.each([
  ['GET', 'exchanges/a"b', 404, 'ERR_CONTROL_UNKNOWN'],
  ['GET', 'nothing', 404, 'ERR_CONTROL_UNKNOWN'],
  ['GET', 'connectors/a/b', 404, 'ERR_CONTROL_UNKNOWN'],
  ['POST', 'status', 405, 'ERR_METHOD_REFUSED'],
  ['constructor', 'status', 405, 'ERR_METHOD_REFUSED'],
])('%s %s is answered %d', async (method, path, status, code) => {
  const answer = await world.call(method, path);

  expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([status, code]);
  expect(world.lines).toMatchObject([{ event: 'control.refused', code }]);
});

test.each([null, {}, { iam: {} }, { iam: { userArn: '' } }])(
  'nobody gets in whom API Gateway did not authenticate: %j',
  async (authorizer) => {
    const answer = await world.call('POST', 'enrolment-codes', { group: 'office' }, authorizer);

    expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([403, 'ERR_CONTROL_DENIED']);
    expect(await world.registry.takeEnrolmentCode(digest(SECRET))).toBeNull();
  },
);

test('a fault of ours is told to administrators in full', async () => {
  world.registry = createRegistry({ table: createTable(world.tables.client, 'no-such-table'), now: () => NOW });

  const answer = await world.call('GET', 'status');

  expect(answer.statusCode).toBe(500);
  expect(read<{ detail: string }>(answer).detail).toContain('no-such-table');
});

/** Every route that there is, by a path of its kind. */
const EVERY_ROUTE = ROUTES.flatMap(({ path, methods }) => {
  const sample = path.source
    .replaceAll(/^\^|\$$/g, '')
    .replaceAll('\\/', '/')
    .replaceAll(/\([^)]*\)/g, 'one');
  return Object.keys(methods).map((method) => ({ method, path: sample.replace('/control/', '') }));
});

test.each(EVERY_ROUTE)('$method $path does nothing for who has not signed', async ({ method, path }) => {
  const answer = await world.call(method, path, {}, null);

  expect(read(answer)).toMatchObject({ code: 'ERR_CONTROL_DENIED' });
  expect(faultsOf(answer.headers)).toEqual([]);
});
