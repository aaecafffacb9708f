import { expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import { isResumable } from './is-resumable.ts';

test.each<[string, string, number, HeaderList, boolean]>([
  ['an origin that serves ranges', 'GET', 200, [['Accept-Ranges', 'bytes']], true],
  [
    'one that says it does not',
    'GET',
    200,
    [
      ['accept-ranges', 'none'],
      ['ETag', '"1"'],
    ],
    false,
  ],
  ['one that says nothing but names the version', 'GET', 200, [['ETag', '"1"']], true],
  ['or the time of it', 'GET', 200, [['Last-Modified', 'Tue, 24 Nov 2026 10:00:00 GMT']], true],
  ['a part of it', 'GET', 206, [['Content-Range', 'bytes 5-9/10']], true],
  ['a report made on the spot', 'GET', 200, [['Content-Disposition', 'attachment']], false],
  ['the answer to a form', 'POST', 200, [['Accept-Ranges', 'bytes']], false],
])('%s', (_, method, status, headers, resumable) => {
  expect(isResumable(method, { status, headers })).toBe(resumable);
});
