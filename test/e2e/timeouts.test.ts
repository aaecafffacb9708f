// An application's timeouts through the whole path, as short as they can be set: what the user gets, and what the log says.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { functionLog, logged } from '../support/logs.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let origin: Server;
/** Calls that the connector has ended. */
const left: string[] = [];
let world: World;

beforeAll(async () => {
  origin = createServer((request, response) => {
    response.once('close', () => left.push(request.url ?? ''));
    if (request.url === '/half') response.write('half');
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const internalUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`;
  world = await startWorld('--lambda', 'quick', '--publish', `slow=${internalUrl}`);
  const slow = { id: 'slow', name: 'Slow', externalUrl: 'https://slow.apps.sallyport.localhost/', internalUrl };
  await world.apply([{ ...slow, preAuthentication: 'pass-through', timeout: 1, idleTimeout: 1 }]);
}, 120_000);

afterAll(async () => {
  await world?.dispose();
  origin?.closeAllConnections();
  origin?.close();
}, 30_000);

const url = (path: string): string => `${world.ready.portal.replace('portal.', 'slow.apps.')}${path}`;

test('no first byte in time: 504 with the code, and the application is left', async () => {
  const { status, body } = await stranger.fetch(url('late'));

  expect(status).toBe(504);
  expect(JSON.parse(body.toString())).toMatchObject({ code: 'ERR_ORIGIN_TIMEOUT', hop: 'origin' });
  await eventually(5_000, async () => expect(left).toContain('/late'));
}, 30_000);

test('silence in the middle: what came arrives, the answer is cut, and the log has a code of its own', async () => {
  const { statusCode, body } = await stranger.open(url('half'));
  let text = '';
  const reading = (async () => {
    for await (const chunk of body) text += chunk;
  })();

  await expect(reading).rejects.toBeDefined();
  expect({ statusCode, text }).toEqual({ statusCode: 200, text: 'half' });
  await logged(() => functionLog(world, 'router'), { event: 'exchange.failed', code: 'ERR_ORIGIN_SILENT', application: 'slow' });
  await eventually(5_000, async () => expect(left).toContain('/half'));
}, 30_000);
