import { describe, expect, test } from '@jest/globals';
import { disguises } from '../../policy/testing/disguises.ts';
import type { ApplicationHere } from '../stores/records.ts';
import { resolve } from './resolve.ts';
import { application } from './testing/records.ts';

const directoryOf = (...applications: ApplicationHere[]) => ({
  applicationsOn: async (host: string) => applications.filter((known) => known.host === host),
  publishedAt: async () => [],
});
const unknown = expect.objectContaining({ code: 'ERR_APPLICATION_UNKNOWN' });
const invalid = expect.objectContaining({ code: 'ERR_REQUEST_INVALID' });

const root = application({ id: 'root', host: 'a.example.com', path: '/' });
const admin = application({ id: 'admin', host: 'a.example.com', path: '/admin/' });
const deep = application({ id: 'deep', host: 'a.example.com', path: '/admin/deep/' });
const wildcard = application({ id: 'wildcard', host: '*.example.com', path: '/' });

describe('the longest path wins', () => {
  test.each([
    ['/', 'root'],
    ['/x', 'root'],
    ['/administration', 'root'],
    ['/admin/', 'admin'],
    ['/admin/x', 'admin'],
    ['/admin/deep/x', 'deep'],
    ['/admin/deeper', 'admin'],
  ])('%s is %s', async (path, id) => {
    expect(await resolve(directoryOf(admin, deep, root), { host: 'a.example.com', path })).toMatchObject({ application: { id } });
  });
});

describe('the most specific host wins', () => {
  test('a host of its own before the wildcard', async () => {
    expect(await resolve(directoryOf(wildcard, root), { host: 'a.example.com', path: '/' })).toMatchObject({ application: { id: 'root' } });
  });

  test('the wildcard for one label, not for two and not for none', async () => {
    const directory = directoryOf(wildcard);

    expect(await resolve(directory, { host: 'b.example.com', path: '/' })).toMatchObject({ application: { id: 'wildcard' } });
    await expect(resolve(directory, { host: 'c.b.example.com', path: '/' })).rejects.toEqual(unknown);
    await expect(resolve(directory, { host: 'example.com', path: '/' })).rejects.toEqual(unknown);
  });

  test('a host of its own leaves no gaps to the wildcard', async () => {
    await expect(resolve(directoryOf(admin, wildcard), { host: 'a.example.com', path: '/x' })).rejects.toEqual(unknown);
  });
});

describe('a wildcard that stands for a wildcard', () => {
  const intranet = application({ id: 'intranet', host: '*.example.com', path: '/x/', internalUrl: 'http://*.corp.example:8080/y/' });
  const at = (host: string) => resolve(directoryOf(intranet, root), { host, path: '/x/page' });

  test.each([
    ['wiki.example.com', 'http://wiki.corp.example:8080/y/'],
    ['w-1.example.com', 'http://w-1.corp.example:8080/y/'],
    ['xn--bcher-kva.example.com', 'http://xn--bcher-kva.corp.example:8080/y/'],
    ['127.example.com', 'http://127.corp.example:8080/y/'],
  ])('%s is %s', async (host, internalUrl) => {
    expect(await at(host)).toMatchObject({ application: { id: 'intranet', internalUrl } });
  });

  test.each(['-a.example.com', 'a-.example.com', 'xn--a.example.com', 'xn--.example.com'])('%s is no origin’s name', async (host) => {
    await expect(at(host)).rejects.toEqual(invalid);
  });

  test('takes one label, and none from a host that has an entry', async () => {
    await expect(at('corp.evil.example.com')).rejects.toEqual(unknown);
    expect(await at('a.example.com')).toMatchObject({ application: { id: 'root' } });
  });
});

test('an application asked for without its final slash is found there', async () => {
  expect(await resolve(directoryOf(root, admin), { host: 'a.example.com', path: '/admin' })).toMatchObject({
    application: { id: 'admin' },
    slash: '/admin/',
  });
});

describe('path disagreement: an origin that is shared must not serve what a stricter application guards', () => {
  test.each([...disguises('admin').filter((path) => !/^\/admin(?:$|\/)/.test(path)), '/admin%2Fx', '/ADMIN/x'])(
    'refuses %s',
    async (path) => {
      const asked = resolve(directoryOf(root, admin), { host: 'a.example.com', path });

      await expect(asked).rejects.toEqual(invalid);
    },
  );

  test.each(['/x%2Fy', '//x', '/x;y', '/X', '/admin/%2e', '/adm%69nistration'])(
    'lets %s pass where no other application is meant',
    async (path) => {
      expect(await resolve(directoryOf(root, admin), { host: 'a.example.com', path })).toHaveProperty('application');
    },
  );

  test.each(['/x;%2fy/%2e%2e/%2e%2e/', '/;%2f/%2e%2e/x', '/../%61dmin%2f..'])(
    'refuses %s, which is the other’s below the one',
    async (path) => {
      const asked = resolve(directoryOf(root, admin), { host: 'a.example.com', path: `/admin${path}` });

      await expect(asked).rejects.toEqual(invalid);
    },
  );

  test('a query says nothing about the path (oauth2-proxy GHSA-7rh7-c77v-6434)', async () => {
    const asked = { host: 'a.example.com', path: '/admin/', query: '?x=/public' };

    expect(await resolve(directoryOf(root, admin), asked)).toMatchObject({ application: { id: 'admin' } });
  });
});
