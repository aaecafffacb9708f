import { describe, expect, test } from '@jest/globals';
import { translateFields } from './fields.ts';
import { BELOW, targetsFor } from './testing/translated.ts';

const OURS = 'https://own.apps.example.com';

const translate = async (name: string, value: string, caller = null as Parameters<typeof translateFields>[2]): Promise<string> => {
  const [field] = await translateFields([[name, value]], targetsFor({ own: [BELOW] }), caller);
  return field![1];
};

describe('redirects to an internal URL lead to the external one', () => {
  test.each([
    ['http://own.corp:8000/int/x?y=1#z', `${OURS}/ext/x?y=1#z`],
    ['HTTP://Own.corp:8000/int/x', `${OURS}/ext/x`],
    ['https://own.corp/int/x', `${OURS}/ext/x`],
    ['//own.corp:8000/int/', '//own.apps.example.com/ext/'],
    ['http://own.corp:8000/int', `${OURS}/ext`],
    ['http://intra.corp:/a', 'https://intra.apps.example.com/a'],
    ['http://own.corp:8000/int?q', `${OURS}/ext?q`],
    ['/int/x', '/ext/x'],
    ['http://wiki.corp:8080', 'https://wiki.apps.example.com'],
    ['http://intra.corp/hr/a', 'https://hr.apps.example.com/people/a'],
  ])('%s is %s', async (address, external) => {
    expect(await translate('Location', address)).toBe(external);
  });

  test.each([
    '/elsewhere',
    'x/y',
    '?q',
    '',
    'http://own.corp:9090/int/x',
    'http://own.corp/int/x',
    'http://own.corp:8000/other',
    'http://own.corp:8000@evil.example/int/',
    'http://own.corp:8000.evil.example/int/',
    'http://other.corp/int/x',
    'https://idp.example.com/?back=http://own.corp:8000/int/',
    'mailto:a@b',
    '\\\\own.corp:8000\\int\\',
  ])('%s stays', async (address) => {
    expect(await translate('Location', address)).toBe(address);
  });
});

test.each(['/int//evil.example/', '/int/\\evil.example/', '/int/\t/evil.example/'])(
  '%s of a path that is left out leads to no other host',
  async (address) => {
    const own = { host: 'own.apps.example.com', path: '/', internalUrl: 'http://own.corp:8000/int/' };

    const [field] = await translateFields([['Location', address]], targetsFor({ own: [own] }), null);

    expect(new URL(field![1], OURS).origin).toBe(OURS);
  },
);

test.each([
  ['Content-Location', '/int/x', '/ext/x'],
  [
    'Link',
    '<http://wiki.corp:8080/a>; rel=next, </int/b>; rel="preload"; as=style, <c>; rel=x',
    '<https://wiki.apps.example.com/a>; rel=next, </ext/b>; rel="preload"; as=style, <c>; rel=x',
  ],
  ['Refresh', '5; url=http://wiki.corp:8080/a', '5; url=https://wiki.apps.example.com/a'],
  ['Refresh', '0;URL=/int/', '0;URL=/ext/'],
  ['Refresh', '0;url=//wiki.corp:8080/a', '0;url=//wiki.apps.example.com/a'],
  [
    'Refresh',
    '0;url=http://intra.corp/?to=http://wiki.corp:8080/',
    '0;url=https://intra.apps.example.com/?to=https://wiki.apps.example.com/',
  ],
  ['SourceMap', 'http://wiki.corp:8080/x.map', 'https://wiki.apps.example.com/x.map'],
  ['Service-Worker-Allowed', '/int/', '/ext/'],
  ['Reporting-Endpoints', 'main="http://wiki.corp:8080/r"', 'main="https://wiki.apps.example.com/r"'],
  ['Timing-Allow-Origin', 'http://wiki.corp:8080, http://x.example', 'https://wiki.apps.example.com, http://x.example'],
  ['X-Custom', 'http://wiki.corp:8080/', 'http://wiki.corp:8080/'],
])('%s: %s is %s', async (name, value, expected) => {
  expect(await translate(name, value)).toBe(expected);
});

describe('an external address of an application that knows nothing of TLS is one that leads there', () => {
  test.each([
    ['Location', 'http://own.apps.example.com/ext/x?y=1', `${OURS}/ext/x?y=1`],
    ['Location', 'http://own.apps.example.com:80/ext/', `${OURS}/ext/`],
    ['Location', 'http://OWN.apps.example.com.:443/ext/', `${OURS}/ext/`],
    ['Location', 'https://own.apps.example.com:80/ext/', `${OURS}/ext/`],
    ['Location', 'http://own.apps.example.com:8000/ext/', `${OURS}/ext/`],
    ['Location', 'http://own.apps.example.com', OURS],
    ['Location', 'http://own.apps.example.com:/ext/', `${OURS}/ext/`],
    ['Refresh', '0; url=//own.apps.example.com:80/ext/', '0; url=//own.apps.example.com/ext/'],
    ['Location', '//own.apps.example.com:80/ext/', '//own.apps.example.com/ext/'],
    ['Location', 'http://wiki.apps.example.com/a', 'https://wiki.apps.example.com/a'],
    ['Location', 'http://hr.apps.example.com:80/people/', 'https://hr.apps.example.com/people/'],
    ['Content-Location', 'http://own.apps.example.com/ext/x', `${OURS}/ext/x`],
    ['Refresh', '0; url=http://own.apps.example.com:80/ext/', `0; url=${OURS}/ext/`],
    [
      'Link',
      '<http://wiki.apps.example.com/a>; rel=next, <http://x.example/>',
      '<https://wiki.apps.example.com/a>; rel=next, <http://x.example/>',
    ],
  ])('%s: %s is %s', async (name, value, expected) => {
    expect(await translate(name, value)).toBe(expected);
  });

  test.each([
    'https://own.apps.example.com/ext/',
    'http://nobody.apps.example.com/',
    'http://wiki.apps.example.com:8080/',
    'http://own.apps.example.com.evil.example/',
    'http://own.apps.example.com@evil.example/',
    'http://example.com/',
  ])('%s stays', async (address) => {
    expect(await translate('Location', address)).toBe(address);
  });

  test('hosts of other domains are not asked for', async () => {
    const asked: string[] = [];
    const servedOn = async (host: string) => {
      asked.push(host);
      return null;
    };

    await translateFields(
      [['Link', '<http://a.example/>, <http://b.apps.example.com/>, <http://portal.other.com/>']],
      targetsFor({ servedOn }),
      null,
    );

    expect(asked).toEqual(['b.apps.example.com']);
  });
});

describe('whose scripts may read the answer', () => {
  const caller = { external: 'https://wiki.apps.example.com', internal: 'http://wiki.corp:8080' };

  test.each([
    ['http://wiki.corp:8080', 'https://wiki.apps.example.com'],
    ['http://intra.corp', 'https://intra.apps.example.com'],
    ['*', '*'],
    ['null', 'null'],
    ['https://evil.example', 'https://evil.example'],
    ['http://wiki.corp:8080.evil.example', 'http://wiki.corp:8080.evil.example'],
  ])('%s is %s', async (origin, expected) => {
    expect(await translate('Access-Control-Allow-Origin', origin, caller)).toBe(expected);
  });

  test('the one that called is named as its browser names it, whatever else is published there', async () => {
    const calling = { external: 'https://hr.apps.example.com', internal: 'http://intra.corp' };

    expect(await translate('Access-Control-Allow-Origin', 'http://intra.corp', calling)).toBe('https://hr.apps.example.com');
  });
});

describe('content security policies', () => {
  test.each([
    ["default-src 'self' http://wiki.corp:8080 data:; img-src *", "default-src 'self' https://wiki.apps.example.com data:; img-src *"],
    [
      'script-src wiki.corp:8080 http://intra.corp',
      'script-src wiki.apps.example.com https://intra.apps.example.com https://hr.apps.example.com',
    ],
    [
      'connect-src ws://wiki.corp:8080/live http://intra.corp/hr/',
      'connect-src wss://wiki.apps.example.com/live https://hr.apps.example.com/people/',
    ],
    [
      'frame-ancestors own.corp:*;report-uri /int/csp http://wiki.corp:8080/csp',
      'frame-ancestors own.corp:*;report-uri /ext/csp https://wiki.apps.example.com/csp',
    ],
    ['sandbox legacy allow-scripts; trusted-types legacy', 'sandbox legacy allow-scripts; trusted-types legacy'],
    ["script-src 'nonce-legacy' https: *.corp", "script-src 'nonce-legacy' https: *.corp"],
    ["img-src http://wiki.corp:8080, img-src 'none'", "img-src https://wiki.apps.example.com, img-src 'none'"],
  ])('%s', async (policy, expected) => {
    expect(await translate('Content-Security-Policy', policy)).toBe(expected);
    expect(await translate('content-security-policy-report-only', policy)).toBe(expected);
  });
});
