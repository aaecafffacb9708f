import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDirectory } from './directory.ts';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import type { Application, ApplicationHere, Directory } from './records.ts';
import { createTable, type Table } from './table.ts';
import { application } from './testing/application.ts';

const wiki = application({
  access: { users: ['alice'], groups: [] },
  singleSignOn: { method: 'headers', headers: { 'X-User': '{username}' } },
});
const admin: Application = { ...wiki, id: 'wiki-admin', path: '/admin/', access: { users: [], groups: ['admins'] } };
const wild: Application = { ...wiki, id: 'wild', host: '*.dev.apps.example.com', access: 'everyone' };

/** As it is found on a host; `callers` are what the others say of it. */
const here = (application: Application, ...callers: string[]): ApplicationHere => ({ ...application, callers });

let emulated: EmulatedTables;
let table: Table;
let directory: Directory;

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  table = createTable(emulated.client, await emulated.create());
  directory = createDirectory({ table });
});

describe('the directory', () => {
  test('answers every application of a host, and a wildcard by its own name', async () => {
    await directory.replace([wiki, admin, wild]);

    expect(await directory.applicationsOn('wiki.apps.example.com')).toEqual([here(wiki), here(admin)]);
    expect(await directory.applicationsOn('*.dev.apps.example.com')).toEqual([here(wild)]);
    expect(await directory.applicationsOn('a.dev.apps.example.com')).toEqual([]);
  });

  test('writes what changed and removes what went, and nothing else', async () => {
    await directory.replace([wiki, admin, wild]);
    const renamed = { ...admin, name: 'Administration' };
    const moved = { ...wild, host: '*.test.apps.example.com' };

    const result = await directory.replace([wiki, renamed, moved]);
    const again = await directory.replace([wiki, renamed, moved]);
    const emptied = await directory.replace([wiki]);

    expect(result).toEqual({ written: ['wiki-admin', 'wild'], removed: [] });
    expect(again).toEqual({ written: [], removed: [] });
    expect(emptied).toEqual({ written: [], removed: ['wiki-admin', 'wild'] });
    expect(await directory.applications()).toEqual([wiki]);
  });

  describe('an application with several addresses', () => {
    const hr: Application = {
      ...wiki,
      id: 'hr',
      host: 'hr.apps.example.com',
      path: '/payroll/',
      internalUrl: 'http://hr.corp/payroll/',
      segments: [
        { host: 'hr-static.apps.example.com', path: '/', internalUrl: 'http://static.corp/hr/' },
        { host: 'hr.apps.example.com', path: '/forms/', internalUrl: 'http://forms.corp/' },
      ],
      alternateHost: 'people.example.com',
    };
    const hosts = ['hr-static.apps.example.com', 'hr.apps.example.com', 'people.example.com'];

    test('is found at each of them by one query, as it is there', async () => {
      await directory.replace([hr, wiki]);

      const [forms, payroll, ...others] = await directory.applicationsOn('hr.apps.example.com');

      expect(others).toEqual([]);
      expect(payroll).toEqual(here(hr, ...hosts));
      expect(forms).toEqual({ ...here(hr, ...hosts), path: '/forms/', internalUrl: 'http://forms.corp/' });
      expect(await directory.applicationsOn('hr-static.apps.example.com')).toEqual([
        { ...here(hr, ...hosts), host: 'hr-static.apps.example.com', path: '/', internalUrl: 'http://static.corp/hr/' },
      ]);
      expect(await directory.applicationsOn('people.example.com')).toEqual([{ ...here(hr, ...hosts), host: 'people.example.com' }]);
    });

    test('is listed once, at its own', async () => {
      await directory.replace([hr, wiki]);

      const all = await directory.applications();

      expect(all.map(({ id }) => id).sort()).toEqual(['hr', 'wiki']);
      expect(all).toContainEqual(hr);
    });

    test('is nowhere but where it is now: a segment that goes is removed, one that comes is written', async () => {
      await directory.replace([hr]);
      const [, forms] = hr.segments;
      const moved = { ...hr, segments: [forms!], alternateHost: null };

      const result = await directory.replace([moved]);

      expect(result).toEqual({ written: ['hr'], removed: [] });
      expect(await directory.applicationsOn('hr-static.apps.example.com')).toEqual([]);
      expect(await directory.applicationsOn('people.example.com')).toEqual([]);
      expect(await directory.replace([moved])).toEqual({ written: [], removed: [] });
      expect(await directory.replace([])).toEqual({ written: [], removed: ['hr'] });
    });

    test('is found by each internal authority too, under its regular hosts', async () => {
      const shared: Application = { ...wiki, internalUrl: 'https://hr.corp:443/payroll/archive/' };
      const many: Application = { ...wild, internalUrl: 'http://static.corp/' };
      const each: Application = { ...wild, id: 'each', host: '*.eu.apps.example.com', internalUrl: 'http://*.eu.corp:8080/' };
      await directory.replace([hr, shared, many, each]);

      expect(await directory.publishedAt('hr.corp')).toEqual([
        { application: 'hr', host: 'hr.apps.example.com', path: '/payroll/', internalUrl: 'http://hr.corp/payroll/' },
        { application: 'wiki', host: 'wiki.apps.example.com', path: '/', internalUrl: 'https://hr.corp:443/payroll/archive/' },
      ]);
      expect(await directory.publishedAt('static.corp')).toMatchObject([{ host: 'hr-static.apps.example.com' }]);
      expect(await directory.publishedAt('*.eu.corp:8080')).toMatchObject([{ application: 'each', host: '*.eu.apps.example.com' }]);
      expect(await directory.publishedAt('nothing.corp')).toEqual([]);
      expect((await directory.applications()).map(({ id }) => id).sort()).toEqual(['each', 'hr', 'wiki', 'wild']);
    });

    test('may not share any of them', async () => {
      const other = { ...wiki, host: 'hr-static.apps.example.com' };

      await expect(directory.replace([hr, other])).rejects.toMatchObject({ code: 'ERR_CONFIGURATION_INVALID' });
    });
  });

  test('an application knows the hosts that call it, wildcards left out; who stops calling is forgotten', async () => {
    const orders = { ...wiki, id: 'orders', host: 'orders.apps.example.com' };
    const shop = { ...wiki, id: 'shop', host: 'shop.apps.example.com', alternateHost: 'shop.example.com', calls: ['orders'] };
    const many = { ...wild, calls: ['orders'] };
    const callers = async () => (await directory.applicationsOn('orders.apps.example.com')).flatMap((known) => known.callers);

    await directory.replace([orders, shop, many]);
    const before = await callers();
    const { written } = await directory.replace([orders, { ...shop, calls: [] }, many]);

    expect(before).toEqual(['orders.apps.example.com', 'shop.apps.example.com', 'shop.example.com']);
    expect(written).toEqual(['orders', 'shop']);
    expect(await callers()).toEqual([]);
    expect(await directory.applications()).toContainEqual(orders);
  });

  test('refuses two applications at one external URL before anything is written', async () => {
    const replaced = directory.replace([wiki, { ...wiki, id: 'other' }]);

    await expect(replaced).rejects.toMatchObject({ code: 'ERR_CONFIGURATION_INVALID' });
    expect(await directory.applications()).toEqual([]);
  });

  test('lists more applications than one page of a scan holds', async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...wiki,
      id: `a${index}`,
      path: `/${index}/`,
      description: 'x'.repeat(60_000),
    }));
    await directory.replace(many);

    const all = await directory.applications();

    expect(all.map(({ id }) => id).sort()).toEqual(many.map(({ id }) => id).sort());
  });

  test('reads an item of before there was single sign-on: its headers were names of claims', async () => {
    const { singleSignOn: _, ...before } = wiki;
    const item = { pk: 'host#wiki.apps.example.com', sk: '/', ...before, headers: { 'X-User': 'username' } };
    await emulated.client.send(new PutCommand({ TableName: table.name, Item: item }));

    expect(await directory.applicationsOn('wiki.apps.example.com')).toEqual([here(wiki)]);
  });

  test.each([
    ['an unknown method', { method: 'magic', headers: {} }],
    ['a method without its settings', { method: 'kerberos', headers: {} }],
    ['an assertion of no known format', { method: 'assertion', headers: {}, format: 'x', header: 'A', audience: 'a', claims: {} }],
    ['SAML without an entity id', { method: 'saml', headers: {}, acsUrls: ['https://wiki.apps.example.com/acs'] }],
    ['an assertion without an audience', { method: 'assertion', headers: {}, format: 'sallyport', header: 'A', claims: {} }],
    ['a method that every object has', { method: 'constructor', headers: {} }],
    ['no headers', { method: 'none' }],
  ])('refuses %s of single sign-on', async (_, singleSignOn) => {
    const item = { pk: 'host#wiki.apps.example.com', sk: '/', ...wiki, singleSignOn };
    await emulated.client.send(new PutCommand({ TableName: table.name, Item: item }));

    await expect(directory.applicationsOn('wiki.apps.example.com')).rejects.toMatchObject({
      message: expect.stringContaining('wrong or missing singleSignOn'),
    });
  });

  test('refuses a malformed item with its name, and overwrites it when the tenant file is applied', async () => {
    const { access: _, ...open } = wiki;
    await emulated.client.send(new PutCommand({ TableName: table.name, Item: { pk: 'host#wiki.apps.example.com', sk: '/', ...open } }));

    const refused = directory.applicationsOn('wiki.apps.example.com');

    await expect(refused).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: expect.stringContaining('wrong or missing access') });
    expect(await directory.replace([wiki])).toEqual({ written: ['wiki'], removed: [] });
    expect(await directory.applications()).toEqual([wiki]);
  });
});
