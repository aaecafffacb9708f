// What is to be answered travels by way of the browser: only what was sealed here, for this session and of late, is opened.

import { expect, test } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { openAsk, type SamlAsk, sealAsk } from './ask.ts';

const NOW = Date.UTC(2027, 0, 15);
const KEY = new Uint8Array(32).fill(1);
const ask: SamlAsk = {
  application: 'records',
  acsUrl: 'https://records.example/acs',
  requestId: '_1',
  relayState: null,
  mfa: true,
  anew: true,
  steppedUp: false,
  own: true,
  startedAt: NOW,
};
const refusal = (message: RegExp) => ({ code: 'ERR_SIGN_IN_INVALID', message: expect.stringMatching(message) });

test('is good for twenty minutes, and no millisecond more', async () => {
  const sealed = await sealAsk(ask, 'session', KEY);

  expect(await openAsk(sealed, 'session', KEY, NOW + 20 * 60_000)).toEqual(ask);
  await expect(openAsk(sealed, 'session', KEY, NOW + 20 * 60_000 + 1)).rejects.toMatchObject(refusal(/took long/));
});

test('is nobody’s but the session’s, and no other seal will do', async () => {
  const sealed = await sealAsk(ask, 'session', KEY);
  const content = new TextEncoder().encode(JSON.stringify({ ask, session: 'session' }));
  const otherwise = (header: { alg: string; enc: string; typ?: string }) =>
    new CompactEncrypt(content).setProtectedHeader(header).encrypt(KEY);
  const ofAnother = await otherwise({ alg: 'dir', enc: 'A256GCM', typ: 'sign-in' });
  const ofNone = await otherwise({ alg: 'dir', enc: 'A256GCM' });

  for (const [given, session, key] of [
    [sealed, 'session-2', KEY],
    [sealed, '', KEY],
    [sealed, 'session', new Uint8Array(32).fill(2)],
    [`${sealed.slice(0, -2)}AA`, 'session', KEY],
    [ofAnother, 'session', KEY],
    [ofNone, 'session', KEY],
    ['', 'session', KEY],
    [null, 'session', KEY],
  ] as const)
    await expect(openAsk(given, session, key, NOW)).rejects.toMatchObject(refusal(/not asked here/));
});
