import { describe, expect, test } from '@jest/globals';
import { foldName, isFieldValue, isToken, withForwarded, withoutHopByHop, withoutManaged } from './headers.ts';
import { MANAGED_FIELDS } from './managed-fields.ts';

const names = (headers: ReadonlyArray<readonly [string, string]>) => headers.map(([name]) => name);

describe('fields of one hop (RFC 9110 §7.6.1)', () => {
  test('go, with those that Connection names, in any case', () => {
    const headers = withoutHopByHop([
      ['Connection', 'close, X-Secret'],
      ['x-secret', '1'],
      ['TE', 'trailers'],
      ['Transfer-Encoding', 'chunked'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAMAAABk'],
      ['Accept', 'text/html'],
    ]);

    expect(headers).toEqual([['Accept', 'text/html']]);
  });

  test('leave duplicates and their order alone', () => {
    const cookies = [['Set-Cookie', 'a=1'] as const, ['X', 'y'] as const, ['set-cookie', 'b=2'] as const];

    expect(withoutHopByHop(cookies)).toEqual(cookies);
  });
});

// Header alias spoofing: CVE-2025-64484 (`_`), CVE-2026-39858 and -54763 (`_`), -88011 (`.`). A reader that folds
// spellings (CGI, WSGI, PHP) must find nothing of the client's under a name of ours.
describe('fields that only we may set', () => {
  const spellings = ['X-Remote-User', 'x-remote-user', 'X_Remote_User', 'X.Remote.User', 'X-Remote_User', 'x~remote~user', 'X-REMOTE-USER'];

  test.each(spellings)('a client’s %s never passes where X-Remote-User is configured', (name) => {
    expect(withoutManaged([[name, 'mallory']], ['X-Remote-User'])).toEqual([]);
  });

  const told = MANAGED_FIELDS.map(([name]) => name.replace('*', 'user')).filter((name) => name !== 'x-forwarded-for');
  const capitals = (name: string) => name.replaceAll(/(?<![a-z0-9])[a-z]/g, (letter) => letter.toUpperCase());

  test.each([...told, 'sallyport-user', 'x-amzn-trace-id', 'x-amz-cf-id', 'cloudfront-viewer-country'])(
    'a client’s %s never passes, however it is spelt',
    (name) => {
      const respelt = [name, capitals(name), name.toUpperCase().replaceAll('-', '_'), name.replaceAll('-', '.'), name.replaceAll('-', '~')];

      expect(withoutManaged(respelt.map((spelling) => [spelling, 'x'] as const))).toEqual([]);
    },
  );

  test.each([
    'Proxy',
    'Cluster-Client-IP',
    'X-Custom-IP-Authorization',
    'X-Forward-Host',
    'Forwarded_Proto',
    'X-Host-Override',
    'X-JWT-Assertion',
    'X-Forwarded-Client-Cert',
    'SSL_CLIENT_S_DN',
    'SSL_CLIENT_VERIFY',
    'X-SSL-Client-CN',
    'X-Remote-User',
    'X-Remote-Extra-Scopes',
    'REMOTE_USER',
    'Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Cluster-Client-IP',
    'X-HTTP-Host-Override',
    'X-Original-Host',
    'X-Forwarded-User',
    'X-Forwarded-Preferred-Username',
    'X-Auth-Request-Email',
    'X-WEBAUTH-USER',
    'X-MS-CLIENT-PRINCIPAL',
    'X-MS-CLIENT-PRINCIPAL-ID',
    'X-Goog-Authenticated-User-Email',
    'SM_USER',
    'iv-user',
    '$WSRU',
    'MS-ASPNETCORE-WINAUTHTOKEN',
  ])('a client’s %s never passes', (name) => {
    expect(withoutManaged([[name, 'x']])).toEqual([]);
  });

  test('each name of the list is folded, is there once, and says who reads or writes it', () => {
    const listed = MANAGED_FIELDS.map(([name]) => name);

    expect(listed.filter((name) => foldName(name.replace(/\*$/, '')) !== name.replace(/\*$/, ''))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(MANAGED_FIELDS.filter(([, source]) => source.trim() === '')).toEqual([]);
  });

  test('an alias of X-Forwarded-For goes; the field itself stays to be appended to', () => {
    expect(
      names(
        withoutManaged([
          ['X-Forwarded-For', 'a'],
          ['X_Forwarded_For', 'b'],
          ['X.Forwarded.For', 'c'],
        ]),
      ),
    ).toEqual(['X-Forwarded-For']);
  });

  test('everything else passes, also what only looks alike', () => {
    const headers = [
      'Accept',
      'Authorization',
      'X-Requested-With',
      'X-Auth-Token',
      'X-API-Key',
      'X-CSRF-Token',
      'X-User-Id',
      'X-Goog-Meta-Owner',
      'Remotely',
      'Forwarding',
      'Client-Id',
    ].map((name) => [name, 'x'] as const);

    expect(withoutManaged(headers)).toEqual(headers);
  });
});

describe('forwarded fields', () => {
  const facts = { clientAddress: '192.0.2.7', host: 'wiki.apps.example.com', proto: 'https' as const };

  test('the client’s address comes last, after what was there', () => {
    const headers = withForwarded(
      [
        ['X-Forwarded-For', '10.0.0.1'],
        ['x-forwarded-for', '10.0.0.2'],
      ],
      facts,
    );

    expect(headers).toEqual([
      ['X-Forwarded-For', '10.0.0.1, 10.0.0.2, 192.0.2.7'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'wiki.apps.example.com'],
      ['Forwarded', 'for=192.0.2.7;host="wiki.apps.example.com";proto=https'],
    ]);
  });

  test('an IPv6 address is quoted in Forwarded (RFC 7239 §6)', () => {
    const headers = withForwarded([], { ...facts, clientAddress: '2001:db8::1' });

    expect(headers.at(-1)).toEqual(['Forwarded', 'for="[2001:db8::1]";host="wiki.apps.example.com";proto=https']);
  });
});

test('names are tokens and values hold no line break', () => {
  expect([isToken('X-Name'), isToken('X Name'), isToken(''), isToken('X:Name')]).toEqual([true, false, false, false]);
  expect([isFieldValue('a\tb é'), isFieldValue('a\r\nB: c'), isFieldValue('\0')]).toEqual([true, false, false]);
});
