import { describe, expect, test } from '@jest/globals';
import { accountsOf, krb5Configuration, parseController, realmsOf, targetOf, userOf } from './realms.ts';

const key = (principal: string) => ({ principal, version: 2, encryption: 18 });
const keytab = (...principals: string[]) => ({ kind: 'keytab', keys: principals.map(key) }) as const;
const accounts = accountsOf(keytab('svc@CORP.EXAMPLE', 'svc@BRANCH.EXAMPLE'), '/k', []);
const REALMS = ['CORP.EXAMPLE', 'BRANCH.EXAMPLE'];

describe('the connector’s own account', () => {
  test('is the first principal of each realm that is no service: domain controllers know accounts by their own names', () => {
    const found = accountsOf(keytab('HTTP/host@CORP.EXAMPLE', 'HOST$@CORP.EXAMPLE', 'svc@CORP.EXAMPLE', 'svc@BRANCH.EXAMPLE'), '/k', []);

    expect(found.map(({ principal }) => principal)).toEqual(['HOST$@CORP.EXAMPLE', 'svc@BRANCH.EXAMPLE']);
  });

  test('is what an administrator names, and must be in the keytab', () => {
    const file = keytab('a@CORP.EXAMPLE', 'b@CORP.EXAMPLE');

    expect(accountsOf(file, '/k', ['b@CORP.EXAMPLE']).map(({ principal }) => principal)).toEqual(['b@CORP.EXAMPLE']);
    expect(() => accountsOf(file, '/k', ['c@CORP.EXAMPLE'])).toThrow('no key of c@CORP.EXAMPLE, only of a@CORP.EXAMPLE, b@CORP.EXAMPLE');
  });

  test('of each realm has a cache of its own, so that no account is taken for another', () => {
    expect(new Set(accounts.map(({ store }) => store.ccache)).size).toBe(2);
  });

  test('is that of the application’s realm; the first one where that realm has none', () => {
    expect(targetOf('HTTP/app@BRANCH.EXAMPLE', accounts)).toMatchObject({ account: { principal: 'svc@BRANCH.EXAMPLE' } });
    expect(targetOf('HTTP/app@FAR.EXAMPLE', accounts)).toMatchObject({
      target: 'HTTP/app@FAR.EXAMPLE',
      account: { principal: 'svc@CORP.EXAMPLE' },
    });
    expect(targetOf('HTTP/app', accounts).target).toBe('HTTP/app@CORP.EXAMPLE');
  });
});

describe('a user’s name', () => {
  test.each([
    ['alice', 'alice@CORP.EXAMPLE', 'principal'],
    ['Alice', 'alice@CORP.EXAMPLE', 'principal'],
    ['alice@branch.Example', 'alice@BRANCH.EXAMPLE', 'principal'],
    ['Alice@Mail.Example', 'alice@mail.example@CORP.EXAMPLE', 'enterprise'],
    ['jo\u0308rg', 'jörg@CORP.EXAMPLE', 'principal'],
    ['mary ann', 'mary ann@CORP.EXAMPLE', 'principal'],
  ])('%s is asked for as %s (%s)', (identity, user, form) => {
    expect(userOf(identity, accounts[0]!, REALMS)).toEqual({ user, form });
  });

  test.each(['', '@', '@corp.example', 'alice@', 'a@b@c', 'host/alice', 'CORP\\alice', 'alice\\@corp.example', 'a\nb', 'a\0b'])(
    '%j is refused: it would name a service, or be read in two ways',
    (identity) => {
      expect(() => userOf(identity, accounts[0]!, REALMS)).toThrow(expect.objectContaining({ code: 'ERR_KERBEROS_USER_UNKNOWN' }));
    },
  );
});

describe('a domain controller', () => {
  test.each([
    ['corp.example=dc1.corp.example', { realm: 'CORP.EXAMPLE', host: 'dc1.corp.example' }],
    ['CORP.EXAMPLE=10.0.0.1:8888', { realm: 'CORP.EXAMPLE', host: '10.0.0.1:8888' }],
    ['CORP.EXAMPLE=[fd00::1]:88', { realm: 'CORP.EXAMPLE', host: '[fd00::1]:88' }],
  ])('%s', (text, controller) => {
    expect(parseController(text)).toEqual(controller);
  });

  test.each(['dc1.corp.example', 'CORP.EXAMPLE=', 'CORP.EXAMPLE=dc1\n  evil = 1', 'A B=c', 'CORP.EXAMPLE=dc1}'])(
    '%j is refused',
    (text) => {
      expect(() => parseController(text)).toThrow('expected REALM=host');
    },
  );
});

test('the configuration names each realm’s controllers in their order, and nothing of the machine’s own is read', () => {
  const controllers = ['CORP.EXAMPLE=dc2', 'CORP.EXAMPLE=dc1:8888', 'FAR.EXAMPLE=dc'].map(parseController);
  const realms = realmsOf(accounts, controllers);

  const text = krb5Configuration(realms, controllers, { deadlineMs: 5_000, askDns: false });

  expect(realms).toEqual(['CORP.EXAMPLE', 'BRANCH.EXAMPLE', 'FAR.EXAMPLE']);
  expect(text).toContain('  CORP.EXAMPLE = {\n    kdc = dc2\n    kdc = dc1:8888\n  }\n  FAR.EXAMPLE = {\n    kdc = dc\n  }\n');
  expect(text).toContain('default_realm = CORP.EXAMPLE');
  expect(text).toContain('default_ccache_name = MEMORY:nobody');
  expect(text).toContain('dns_lookup_kdc = false');
});
