// A sign-in's state comes back by way of the browser: only what was sealed here, of late and in its one spelling, is opened.

import { expect, test } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { openState, SIGN_IN_LIFETIME_MS, type SignInState, sealState } from './sign-in-state.ts';

const NOW = Date.UTC(2027, 0, 15);
const KEY = new Uint8Array(32).fill(1);
const state: SignInState = { target: null, provider: 'main', verifier: 'v', nonce: 'n', browser: 'b', startedAt: NOW };
const refusal = (message: RegExp) => ({ code: 'ERR_SIGN_IN_INVALID', message: expect.stringMatching(message) });

test('is good for ten minutes, and no millisecond more', async () => {
  const sealed = await sealState(state, KEY);

  expect(SIGN_IN_LIFETIME_MS).toBe(10 * 60_000);
  expect(await openState(sealed, KEY, NOW + SIGN_IN_LIFETIME_MS)).toEqual(state);
  await expect(openState(sealed, KEY, NOW + SIGN_IN_LIFETIME_MS + 1)).rejects.toMatchObject(refusal(/more than ten minutes/));
});

test('that nothing brought back is told apart from one that was not made here', async () => {
  await expect(openState(null, KEY, NOW)).rejects.toMatchObject(refusal(/nothing back/));
});

test('has one spelling, one key and one way to be sealed', async () => {
  const sealed = await sealState(state, KEY);
  const content = new TextEncoder().encode(JSON.stringify(state));
  const wrapped = await new CompactEncrypt(content).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).encrypt(KEY);
  const parts = sealed.split('.');

  for (const wrong of [
    '',
    ` ${sealed}`,
    `${sealed}\n`,
    `${sealed}=`,
    `${sealed}.x`,
    parts.slice(1).join('.'),
    parts.slice(0, 4).join('.'),
    wrapped,
  ])
    await expect(openState(wrong, KEY, NOW)).rejects.toMatchObject(refusal(/not made here/));
  await expect(openState(sealed, new Uint8Array(32).fill(2), NOW)).rejects.toMatchObject(refusal(/not made here/));
});
