import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SallyportError } from '../protocol/errors.ts';
import { type Control, startControl } from './control.ts';
import { controlRoutes } from './control-routes.ts';
import { createFaults } from './faults.ts';
import { createMeter } from './meter.ts';

let control: Control;
const meter = createMeter();
const faults = createFaults();
let suspended: string | null = null;

beforeAll(async () => {
  control = await startControl();
  const suspend = (id: string, on: boolean): void => {
    suspended = on ? id : null;
  };
  const iam = { statements: () => [], denials: () => [], suspend };
  control.add(controlRoutes({ meter, faults, iam, deployment: () => null }));
  control.add([
    { method: 'POST', path: '/sockets/:name/kill', says: 'kills', handle: ({ params, query }) => [params.name, query.get('how')] },
    {
      method: 'GET',
      path: '/broken',
      says: 'fails',
      handle: () => {
        throw new SallyportError('ERR_REQUEST_INVALID', 'No such thing.');
      },
    },
  ]);
});
afterAll(() => control.dispose());

const call = async (method: string, path: string, body?: string) => {
  const response = await fetch(control.url + path, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
};

/** `fetch` sets Host and Origin itself. */
const withHeaders = (headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(`${control.url}/meter`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

test('the meter is read and set to zero', async () => {
  meter.add('invocations', 3, { function: 'router' });

  const before = await call('GET', '/meter');
  const reset = await call('DELETE', '/meter');
  const after = await call('GET', '/meter');

  expect(before.body.totals.invocations).toBe(3);
  expect(reset).toEqual({ status: 204, body: undefined });
  expect(after.body.totals.invocations).toBe(0);
});

test('faults are changed, and wrong ones refused', async () => {
  const changed = await call('PUT', '/faults', '{"drop": 0.25}');
  const refused = await call('PUT', '/faults', '{"drop": 7}');

  expect(changed.body).toMatchObject({ drop: 0.25, gone: 0 });
  expect(refused).toMatchObject({ status: 400, body: { code: 'ERR_CONFIGURATION_INVALID' } });
  expect(faults.drop).toBe(0.25);
});

test('a statement is suspended by its id, and nothing else is taken for that', async () => {
  const done = await call('PUT', `/iam/statements/${encodeURIComponent('Role/AssumeRolePolicyDocument[0]')}`, '{"suspended": true}');
  const refused = await call('PUT', '/iam/statements/a', '{"suspended": "yes"}');

  expect(done.status).toBe(204);
  expect(refused).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST_INVALID' } });
  expect(suspended).toBe('Role/AssumeRolePolicyDocument[0]');
});

test('parts of the path and the query reach the route', async () => {
  expect(await call('POST', '/sockets/a%3D/kill?how=hard')).toEqual({ status: 200, body: ['a=', 'hard'] });
});

test('what goes wrong is told with its code', async () => {
  expect(await call('GET', '/broken')).toEqual({ status: 400, body: { code: 'ERR_REQUEST_INVALID', message: 'No such thing.' } });
  expect(await call('GET', '/nothing')).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('GET / lists what it has') },
  });
  expect(await call('POST', '/meter')).toMatchObject({ status: 405 });
  expect(await call('PUT', '/faults', '{')).toMatchObject({ status: 400, body: { message: 'The body is not JSON.' } });
  expect(await call('GET', '/outputs')).toMatchObject({ status: 503 });
});

test('the root lists every route', async () => {
  const { body } = await call('GET', '/');

  expect(body).toContainEqual({ method: 'GET', path: '/iam/denials', says: expect.any(String) });
});

test('web pages are refused, also under a name of their own that leads here', async () => {
  expect(await withHeaders({})).toBe(200);
  expect(await withHeaders({ origin: 'https://evil.example' })).toBe(403);
  expect(await withHeaders({ host: 'evil.example' })).toBe(403);
  expect(await withHeaders({ 'sec-fetch-site': 'none' })).toBe(403);
});

test('a port in use is told', async () => {
  await expect(startControl(Number(new URL(control.url).port))).rejects.toMatchObject({ code: 'ERR_CONFIGURATION_INVALID' });
});
