// What passes for a secret of ours: its whole length, its alphabet, and only one of it.
import { expect, test } from '@jest/globals';
import { isSecret } from '../router/cookies.ts';
import { PORTAL_COOKIE, readCookie, readSecret } from './cookies.ts';

const SECRET = 'azAZ09-_'.repeat(6).slice(0, 43);
const portalReads = (...values: readonly string[]) =>
  readSecret({ cookies: values.map((value) => `${PORTAL_COOKIE}=${value}`) }, PORTAL_COOKIE);

test('a secret has 43 characters of base64url, at the portal as at applications', () => {
  expect([portalReads(SECRET), isSecret(SECRET)]).toEqual([SECRET, true]);
  for (const wrong of ['', SECRET.slice(1), `${SECRET}a`, `${SECRET.slice(1)}.`, `${SECRET.slice(1)}=`, `${SECRET}\n`, ` ${SECRET}`])
    expect([portalReads(wrong), isSecret(wrong)]).toEqual([null, false]);
});

test('two under one name are none, and another name is another', () => {
  const cookies = [`${PORTAL_COOKIE}x=1`, `x${PORTAL_COOKIE}=2`, 'a=b=c'];

  expect([portalReads(SECRET, SECRET), portalReads()]).toEqual([null, null]);
  expect([readCookie({ cookies }, PORTAL_COOKIE), readCookie({ cookies }, 'a'), readCookie({ cookies }, 'b')]).toEqual([null, 'b=c', null]);
});
