import { expect, test } from '@jest/globals';
import { platformHeaders } from './platform-headers.ts';

test('what the platform makes itself and what speaks for it or for us goes, the rest stays in order', () => {
  const headers = platformHeaders([
    ['Date', 'now'],
    ['ETag', '"1"'],
    ['Server', 'Apache'],
    ['Alt-Svc', 'h3=":443"'],
    ['X-Amzn-ErrorType', 'x'],
    ['Sallyport-Sign-In', 'https://evil.example'],
    ['Content-Type', 'text/html'],
    ['Content-Length', '5'],
  ]);

  expect(headers).toEqual([
    ['ETag', '"1"'],
    ['Content-Type', 'text/html'],
    ['Content-Length', '5'],
  ]);
});

test.each([[[]], [[['content-type', '']]], [[['Content-Type', ' ']]]] as [string, string][][][])(
  'an answer that tells no type is not taken for JSON: %j',
  (headers) => {
    expect(platformHeaders(headers)).toEqual([['Content-Type', 'application/unknown']]);
  },
);
