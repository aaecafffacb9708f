import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from './canonical-path.ts';
import { targetUrl } from './target-url.ts';
import { application } from './testing/records.ts';

test.each([
  ['/', 'http://o.internal/', '/', '', 'http://o.internal/'],
  ['/', 'http://o.internal:8080/base/', '/a%2Fb', '?x=1', 'http://o.internal:8080/base/a%2Fb?x=1'],
  ['/wiki/', 'http://o.internal/', '/wiki/page', '', 'http://o.internal/page'],
  ['/wiki/', 'http://o.internal/w/', '/wiki/', '?a', 'http://o.internal/w/?a'],
  ['/', 'http://O.Internal:80/', '/x', '', 'http://o.internal/x'],
  ['/', 'http://o.internal/', '//evil.example/x', '', 'http://o.internal//evil.example/x'],
])('%s of %s: %s%s is %s', (path, internalUrl, asked, query, url) => {
  expect(targetUrl(application({ path, internalUrl }), { path: asked, query })).toBe(url);
});

describe('never leaves the internal URL', () => {
  test('refuses a path that is not below the application', () => {
    expect(() => targetUrl(application({ path: '/wiki/' }), { path: '/other', query: '' })).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }),
    );
  });

  test.each([
    ['/..', 'http://o.internal/base/'],
    ['/x/%2e%2E/..', 'http://o.internal/base/'],
    ['/..%2fother', 'http://o.internal/base/'],
    ['/..;/other', 'http://o.internal/base/'],
    ['/..\\other', 'http://o.internal/base/'],
    ['/%252e%252e/other', 'http://o.internal/base/'],
    ['/;%2fx/%2e%2e/%2e%2e/secret', 'http://o.internal/base/'],
    ['/x;%2f/%2e%2e/%2e%2e/secret', 'http://o.internal/base/'],
    ['/%2e%2e;%2f/secret', 'http://o.internal/base/'],
    ['/..%5c;%2f/secret', 'http://o.internal/base/'],
    ['/x%2fy/../../%73ecret', 'http://o.internal/base/'],
  ])('refuses %s, which some server reads as above %s', (path, internalUrl) => {
    expect(() => targetUrl(application({ internalUrl }), { path, query: '' })).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }),
    );
  });

  test.each(['/a/../b', '/%2e%2e/b', '/a\\b%5Cc', '//a;b/%2F', '/100%/{x}', '/a%00b'])(
    'what stays below for every server is forwarded as it was sent: %s',
    (path) => {
      expect(targetUrl(application({ internalUrl: 'http://o.internal/' }), { path, query: '' })).toBe(`http://o.internal${path}`);
    },
  );

  test('whatever path is accepted stays at the host and below the base path, however it is parsed', () => {
    const piece = fc.constantFrom('a', '.', '..', '/', '\\', '%2e', '%2F', '%5c', ';', '@', ':', 'evil.example', '%40', '~', '|');
    const app = application({ path: '/', internalUrl: 'http://o.internal/base/' });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        let target: string;
        try {
          target = targetUrl(app, { path: canonicalPath(`/${pieces.join('')}`), query: '' });
        } catch {
          return;
        }
        for (const url of [new URL(target), new URL(decodeURIComponent(target))]) {
          expect(url.host).toBe('o.internal');
          expect(url.username).toBe('');
          expect(`${url.pathname}/`.startsWith('/base/')).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
