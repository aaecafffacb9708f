import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foldName } from '../../protocol/headers.ts';
import type { AssertionFormat } from '../stores/records.ts';
import { canonicalHeaders } from './canonical-request.ts';
import { cleanHeaders } from './clean-headers.ts';
import { createExternalUrls } from './external-url.ts';
import { introduce } from './single-sign-on.ts';
import { application, HOST, request, user } from './testing/records.ts';

const urls = createExternalUrls('https://portal.example.com');
const app = application({ singleSignOn: { method: 'headers', headers: { 'X-Remote-User': '{username}', 'X-Remote-Groups': '{groups}' } } });
const clean = (headers: readonly (readonly [string, string])[], who: ReturnType<typeof user> | null = user(), asked = app) =>
  cleanHeaders(request({ headers }), asked, who === null ? [] : introduce(asked, { user: who, handle: 'session' }).headers, urls);
const values = (headers: ReturnType<typeof clean>, name: string) =>
  headers.filter(([known]) => foldName(known) === foldName(name)).map(([, value]) => value);

test('what a client may say goes on as it was said, in order', () => {
  const headers = clean([
    ['Accept', 'text/html'],
    ['X-Two', '1'],
    ['x-two', '2'],
    ['Authorization', 'Basic eDp5'],
    ['Origin', 'https://wiki.apps.example.com'],
  ]);

  expect(headers.slice(1, 6)).toEqual([
    ['Accept', 'text/html'],
    ['X-Two', '1'],
    ['x-two', '2'],
    ['Authorization', 'Basic eDp5'],
    ['Origin', 'https://wiki.apps.example.com'],
  ]);
});

describe('header alias spoofing (oauth2-proxy CVE-2025-64484, Traefik CVE-2026-39858): only our value arrives', () => {
  const spellings = ['X-Remote-User', 'x-remote-user', 'X_Remote_User', 'X.Remote.User', 'x-remote_user', 'X~Remote~User', 'X-REMOTE-USER'];

  test.each(spellings)('%s', (name) => {
    const headers = clean([
      [name, 'admin'],
      [name, 'root'],
    ]);

    expect(values(headers, 'X-Remote-User')).toEqual(['alice@example.com']);
  });

  test('an application that lets everyone pass gets no such field at all', () => {
    const headers = clean(
      spellings.map((name) => [name, 'admin']),
      null,
    );

    expect(values(headers, 'X-Remote-User')).toEqual([]);
  });

  test('Connection cannot name our own fields away: they are added after it has been heeded', () => {
    const headers = clean([['Connection', 'X-Remote-User, X-Forwarded-For, Host, close']]);

    expect(values(headers, 'X-Remote-User')).toEqual(['alice@example.com']);
    expect(values(headers, 'X-Forwarded-For')).toEqual(['203.0.113.9']);
    expect(values(headers, 'Host')).toEqual(['wiki.internal:8080']);
    expect(values(headers, 'Connection')).toEqual([]);
  });
});

describe('fields by which servers are told who somebody is', () => {
  const sent = ['Remote_User', 'X-WEBAUTH-USER', 'SSL_CLIENT_S_DN', 'X-Forwarded-User', 'X-MS-CLIENT-PRINCIPAL', 'True-Client-IP', 'Proxy'];

  test.each([
    ['an application that is told nothing', application()],
    ['one that lets everyone pass', application({ preAuthentication: 'pass-through' })],
  ])('do not get from users to %s', (_, asked) => {
    const headers = clean(
      sent.map((name) => [name, 'mallory']),
      null,
      asked,
    );

    expect(JSON.stringify(headers)).not.toContain('mallory');
  });

  test('are said by us where the application’s settings name them', () => {
    const asked = application({ singleSignOn: { method: 'headers', headers: { 'X-WEBAUTH-USER': '{username}' } } });

    const headers = clean(
      [...sent, 'x_webauth_user'].map((name) => [name, 'mallory']),
      user(),
      asked,
    );

    expect(values(headers, 'X-WEBAUTH-USER')).toEqual(['alice@example.com']);
    expect(JSON.stringify(headers)).not.toContain('mallory');
  });
});

describe('an application that takes assertions', () => {
  const asserted = (format: AssertionFormat, header: string) =>
    application({ singleSignOn: { method: 'assertion', headers: {}, format, header, audience: 'wiki', claims: {} } });
  const spellings = (name: string) => [name, name.toLowerCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')];

  test.each([
    ['sallyport', 'X-Identity', ['X-Identity', 'Sallyport-Assertion']],
    ['cloudflare', 'Cf-Access-Jwt-Assertion', ['Cf-Access-Jwt-Assertion', 'Cf-Access-Authenticated-User-Email']],
    ['pomerium', 'X-Pomerium-Jwt-Assertion', ['X-Pomerium-Jwt-Assertion', 'X-Pomerium-Claim-Email']],
    ['google-iap', 'X-Identity', ['X-Identity', 'X-Goog-Iap-Jwt-Assertion', 'X-Goog-Authenticated-User-Email']],
  ] as const)('%s in %s: nothing that users send under its names arrives', (format, header, names) => {
    const headers = cleanHeaders(
      request({ headers: names.flatMap(spellings).map((name) => [name, 'forged'] as const) }),
      asserted(format, header),
      [[header, 'signed']],
      urls,
    );

    expect(values(headers, header)).toEqual(['signed']);
    expect(JSON.stringify(headers)).not.toContain('forged');
  });

  test('fields of those names are left to applications of other kinds', () => {
    expect(values(clean([['X-Goog-Meta', 'a picture']]), 'X-Goog-Meta')).toEqual(['a picture']);
  });
});

describe('forwarded-header trust (oauth2-proxy CVE-2026-40575, Oathkeeper GHSA-vhr5-ggp3-qq85)', () => {
  test('the client’s address is appended to what was there, and everything else is said by us alone', () => {
    const headers = clean([
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X_Forwarded_Proto', 'gopher'],
      ['Forwarded', 'for=10.0.0.1;host=evil.example'],
      ['X-Original-URL', '/admin'],
      ['X-Real-IP', '10.0.0.1'],
      ['x_forwarded_for', '10.9.9.9'],
    ]);

    expect(headers.slice(1, 5)).toEqual([
      ['X-Forwarded-For', '10.0.0.1, 203.0.113.9'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', HOST],
      ['Forwarded', `for=203.0.113.9;host="${HOST}";proto=https`],
    ]);
    expect(JSON.stringify(headers)).not.toMatch(/evil|gopher|10\.9\.9\.9|\/admin/);
  });

  test('the address that the ingress has appended already is not said twice', () => {
    expect(values(clean([['X-Forwarded-For', '10.0.0.1, 203.0.113.9']]), 'X-Forwarded-For')).toEqual(['10.0.0.1, 203.0.113.9']);
  });
});

describe('Host', () => {
  test.each([
    ['internal', 'wiki.internal:8080'],
    ['external', HOST],
  ] as const)('%s: %s, whatever the client said', (hostHeader, host) => {
    const headers = clean([['Host', 'evil.example']], null, application({ hostHeader }));

    expect(headers[0]).toEqual(['Host', host]);
    expect(values(headers, 'host')).toHaveLength(1);
  });

  test('the external host has the port of the portal, where it has one', () => {
    const headers = cleanHeaders(
      request(),
      application({ hostHeader: 'external' }),
      [],
      createExternalUrls('http://portal.sallyport.localhost:8080'),
    );

    expect(headers[0]).toEqual(['Host', `${HOST}:8080`]);
    expect(values(headers, 'X-Forwarded-Proto')).toEqual(['http']);
  });
});

describe('cookies', () => {
  test('ours never reach the origin, in any case or field (oauth2-proxy#644)', () => {
    const headers = clean([
      ['Cookie', 'a=1; __Host-sallyport-session=secret; b=2'],
      ['cookie', '__host-SALLYPORT-sign-in=secret;c=3; d'],
    ]);

    expect(values(headers, 'Cookie')).toEqual(['a=1; b=2; c=3; d']);
  });

  test('a field that had only ours is gone', () => {
    expect(values(clean([['Cookie', '__Host-sallyport-session=secret']]), 'Cookie')).toEqual([]);
  });
});

describe('request smuggling: framing is ours alone', () => {
  test('lengths and codings of the client are dropped', () => {
    const headers = clean([
      ['Content-Length', '5'],
      ['content-length', '6'],
      ['Transfer-Encoding', 'chunked'],
      ['TE', 'trailers'],
      ['Trailer', 'X-A'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAMAAABk'],
      ['Expect', '100-continue'],
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Authorization', 'Basic eDp5'],
    ]);

    expect(headers.map(([name]) => name)).toEqual([
      'Host',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'Forwarded',
      'X-Remote-User',
      'X-Remote-Groups',
    ]);
  });

  test('the length is that of the body that came', () => {
    const headers = cleanHeaders(request({ headers: [['Content-Length', '99']], body: Buffer.from('abc'), hasBody: true }), app, [], urls);

    expect(values(headers, 'Content-Length')).toEqual(['3']);
  });
});

test('whatever a client sends, no managed name in any spelling says what we did not say', () => {
  const ours = ['x-remote-user', 'x-remote-groups', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'host'];
  const spelling = fc
    .tuple(fc.constantFrom(...ours), fc.infiniteStream(fc.constantFrom('-', '_', '.', '~')), fc.infiniteStream(fc.boolean()))
    .map(([name, separators, upper]) =>
      [...name].map((letter) => (letter === '-' ? separators.next().value : upper.next().value ? letter.toUpperCase() : letter)).join(''),
    );
  const fields = fc.array(fc.tuple(spelling, fc.constant('spoofed')), { maxLength: 8 });
  fc.assert(
    fc.property(fields, (sent) => {
      const headers = clean(canonicalHeaders(Object.fromEntries(sent.map(([name, value]) => [name, [value]]))));

      expect(headers.filter(([, value]) => value.includes('spoofed'))).toEqual([]);
      for (const name of ours) expect(values(headers, name)).toHaveLength(1);
    }),
  );
});
