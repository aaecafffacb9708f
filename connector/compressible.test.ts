import { expect, test } from '@jest/globals';
import { isCompressible } from './compressible.ts';

test.each([
  'text/html; charset=utf-8',
  'TEXT/CSS',
  'text/event-stream',
  'application/json',
  'application/problem+json',
  'application/x-ndjson',
  'application/atom+xml;type=feed',
  'text/javascript',
  'application/javascript',
  'image/svg+xml',
])('%s is worth trying', (type) => {
  expect(isCompressible([['Content-Type', type]])).toBe(true);
});

test.each(['image/png', 'video/mp4', 'application/zip', 'application/pdf', 'application/octet-stream', 'font/woff2', 'text', ''])(
  '%p is not',
  (type) => {
    expect(isCompressible([['content-type', type]])).toBe(false);
  },
);

test('what is compressed already, or has no type, is left as it is', () => {
  expect(isCompressible([])).toBe(false);
  expect(
    isCompressible([
      ['Content-Type', 'text/html'],
      ['content-encoding', 'gzip'],
    ]),
  ).toBe(false);
  expect(
    isCompressible([
      ['Content-Type', 'text/html'],
      ['Content-Encoding', 'zz'],
    ]),
  ).toBe(false);
  for (const none of ['identity', 'none', 'utf-8'])
    expect(
      isCompressible([
        ['Content-Type', 'text/html'],
        ['Content-Encoding', none],
      ]),
    ).toBe(true);
});
