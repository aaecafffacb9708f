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

  test.each(['/a/../b', '/a/%2e/b', '/a\\b', '/a b'])('refuses what parsing would change: %s', (path) => {
    expect(() => targetUrl(application(), { path, query: '' })).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }));
  });

  test('whatever path is accepted stays at the host and below the base path', () => {
    const piece = fc.constantFrom('a', '.', '..', '/', '%2e', '%2F', ';', '@', ':', 'evil.example', '%40', '~', '|');
    const app = application({ path: '/', internalUrl: 'http://o.internal/base/' });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        let path: string;
        try {
          path = canonicalPath(`/${pieces.join('')}`);
        } catch {
          return;
        }
        const url = new URL(targetUrl(app, { path, query: '' }));
        expect(url.host).toBe('o.internal');
        expect(url.username).toBe('');
        expect(url.pathname.startsWith('/base/')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
