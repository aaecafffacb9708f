import { createECDH } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError } from './faults.ts';
import { parseApplications } from './schema.ts';

const KEY = createECDH('prime256v1').generateKeys('base64url');
const read = (singleSignOn: object) =>
  parseApplications(
    {
      applications: [
        {
          id: 'wiki',
          name: 'Wiki',
          externalUrl: 'https://wiki.apps.example.com/',
          internalUrl: 'https://wiki.corp.example/',
          access: 'everyone',
          singleSignOn: { method: 'password', vaultKey: KEY, ...singleSignOn },
        },
      ],
    },
    'x.yaml',
    { domain: 'example.com', portalHost: 'portal.example.com', claims: ['username'] },
  )[0]!.singleSignOn;
const pathsOf = (singleSignOn: object): string[] => {
  try {
    read(singleSignOn);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map(({ path }) => path.replace('applications[0].singleSignOn.', ''));
    throw error;
  }
  return [];
};

test('HTTP Basic needs no more than the key', () => {
  expect(read({})).toEqual({ method: 'password', headers: {}, scheme: 'basic', credentials: 'user', vaultKey: KEY, form: null });
});

test('a form needs its page, and takes what tells it better', () => {
  const page = '/doku.php?id=start&do=login';

  expect(read({ scheme: 'form', form: { page } })).toMatchObject({
    form: { page, usernameField: null, passwordField: null, success: null, failure: null },
  });
  const form = { page, usernameField: 'u', passwordField: 'p', success: 'Logged in as \\w+', failure: 'wrong|locked' };
  expect(read({ scheme: 'form', credentials: 'shared', form })).toMatchObject({ credentials: 'shared', form });
});

describe('refused when it is applied', () => {
  test.each<[string, object, string[]]>([
    ['no key', { vaultKey: undefined }, ['vaultKey']],
    ['a key that is cut', { vaultKey: KEY.slice(0, 80) }, ['vaultKey']],
    ['a point that is not on the curve', { vaultKey: Buffer.from([4, ...Array(64).fill(7)]).toString('base64url') }, ['vaultKey']],
    ['the private key', { vaultKey: '{"kty":"EC","d":"secret"}' }, ['vaultKey']],
    ['a scheme that there is not', { scheme: 'digest' }, ['scheme']],
    ['a form without its page', { scheme: 'form' }, ['form']],
    ['a page without a form', { form: { page: '/login' } }, ['form']],
    ['a page at another host', { scheme: 'form', form: { page: '//evil.example/login' } }, ['form.page']],
    ['an address instead of a path', { scheme: 'form', form: { page: 'https://wiki.corp.example/login' } }, ['form.page']],
    ['a path that is read as another', { scheme: 'form', form: { page: '/a/../login' } }, ['form.page']],
    ['a fragment', { scheme: 'form', form: { page: '/#/login' } }, ['form.page']],
    ['a pattern that is none', { scheme: 'form', form: { page: '/', success: '(' } }, ['form.success']],
    ['a setting of another method', { servicePrincipalName: 'HTTP/x' }, ['servicePrincipalName']],
  ])('%s', (_, singleSignOn, paths) => {
    expect(pathsOf(singleSignOn)).toEqual(paths);
  });
});
