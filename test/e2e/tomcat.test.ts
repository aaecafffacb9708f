// A real server that reads paths in an order of its own: Tomcat drops `;…` before it decodes, and resolves dots after. A condition on /admin/
// holds for whatever it takes for that, and what it takes a path for is among the readings.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathReadings } from '../../policy/path-readings.ts';
import { disguises } from '../../policy/testing/disguises.ts';
import { startConnector } from '../support/connector.ts';
import { RawClient } from '../support/faithful/raw-client.ts';
import { startTomcat } from '../support/tomcat.ts';
import type { WebApplication } from '../support/web-application.ts';
import { startWorld, type World } from '../support/world.ts';

let tomcat: WebApplication;
let world: World;
let connector: Awaited<ReturnType<typeof startConnector>>;
const clients: RawClient[] = [];

beforeAll(async () => {
  tomcat = await startTomcat();
  world = await startWorld('--lambda', 'quick');
  connector = await startConnector(world, 'tomcat', [tomcat.url]);
  const conditions = [{ name: 'No administration', paths: ['/admin/'], refuse: {} }];
  const externalUrl = 'https://tomcat.apps.sallyport.localhost/';
  await world.apply([
    {
      id: 'tomcat',
      name: 'Tomcat',
      externalUrl,
      internalUrl: tomcat.url,
      connectorGroup: 'tomcat',
      preAuthentication: 'pass-through',
      conditions,
    },
  ]);
}, 240_000);

afterAll(async () => {
  for (const client of clients) client.close();
  await connector?.dispose();
  await world?.dispose();
  await tomcat?.dispose();
}, 60_000);

/** Asks for a path exactly as it is written: URL parsers resolve dots. */
const asking = (url: string, host: string) => {
  const client = new RawClient(Number(new URL(url).port));
  clients.push(client);
  return async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const { status, body } = await client.ask('GET', Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1'));
    return { status, text: body.toString('latin1') };
  };
};

test('no path by which Tomcat gets to /admin passes a condition on it', async () => {
  const directly = asking(tomcat.url, 'localhost');
  const throughUs = asking(world.ready.portal, 'tomcat.apps.sallyport.localhost');
  const paths = [...disguises('admin'), '/;%2fx/%61dmin/users'];
  const read: string[] = [];
  for (const path of paths) if (/^\/admin(?:$|\/)/.test((await directly(path)).text)) read.push(path);

  const statuses = new Map<string, number>();
  for (const path of read) statuses.set(path, (await throughUs(path)).status);

  expect(read).toContain('/;%2fx/%61dmin/users');
  expect(read.length).toBeGreaterThan(10);
  expect([...statuses].filter(([, status]) => status !== 403)).toEqual([]);
  expect(await throughUs('/;%2fx/%61dm/users')).toEqual({ status: 200, text: '/adm/users' });
}, 120_000);

test('what Tomcat takes a path for is among its readings', async () => {
  const directly = asking(tomcat.url, 'localhost');
  const pieces = [
    '/',
    '/admin',
    'a',
    '.',
    '/..',
    '/../',
    '..;',
    ';',
    ';a=',
    ';%2f',
    ';%5c',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    '%3b',
    '%61',
    '%252f',
  ];
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 7 }), async (chosen) => {
      const path = `/${chosen.join('')}`;
      const { status, text } = await directly(path);
      if (status !== 200) return;
      read += 1;
      expect([...pathReadings(path)]).toContain(`${text}/`.replaceAll(/\/{2,}/g, '/').toLowerCase());
    }),
    { numRuns: 2_000 },
  );

  expect(read).toBeGreaterThan(500);
}, 120_000);
