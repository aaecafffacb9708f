import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { IssuedCode, Status } from '../../protocol/control.ts';
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
  test('says which connectors have tunnels and which applications can be reached', async () => {
    await world.call('PUT', 'applications', {
      applications: [wiki, { ...wiki, id: 'hr', externalUrl: 'https://hr.apps.example.com/', connectorGroup: 'berlin' }],
    });
    await world.enrolConnector('one', 'default');
    await world.openTunnel('one', 'default');

    const status = read<Status>(await world.call('GET', 'status'));

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
