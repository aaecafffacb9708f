import { createPublicKey, sign, verify } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { KEY_PERIOD_MS, publishedKeys, signingKey, toPem } from './signing-keys.ts';

const NOW = 700 * KEY_PERIOD_MS + 1_000;
const DATA = Buffer.from('said');

test('what signs at a time is the middle one of the published keys', () => {
  const { kid, key } = signingKey('secret', NOW);
  const [before, current, next] = publishedKeys('secret', NOW);

  const signature = sign('sha256', DATA, key);

  expect(current!.kid).toBe(kid);
  expect(verify('sha256', DATA, createPublicKey(toPem(current!)), signature)).toBe(true);
  for (const other of [before, next]) expect(verify('sha256', DATA, createPublicKey(toPem(other!)), signature)).toBe(false);
});

test('a key is published a period before it signs and a period after', () => {
  const { kid } = signingKey('secret', NOW);
  const kidsAt = (now: number) => publishedKeys('secret', now).map((key) => key.kid);

  expect([-2, -1, 0, 1, 2].map((periods) => kidsAt(NOW + periods * KEY_PERIOD_MS).indexOf(kid))).toEqual([-1, 2, 1, 0, -1]);
});

test('two functions that have one secret have one key, and another secret has others', () => {
  const kids = publishedKeys('secret', NOW).map(({ kid }) => kid);

  expect(publishedKeys('secret', NOW + 1).map(({ kid }) => kid)).toEqual(kids);
  expect(kids).not.toContain(signingKey('another', NOW).kid);
});

test('each is a public key alone, named by its thumbprint (RFC 7638)', async () => {
  for (const key of publishedKeys('secret', NOW)) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(key.kid).toBe(await calculateJwkThumbprint(key as never));
  }
});

test('every period has a key that Node takes for one, and none is like another', () => {
  const kids = Array.from({ length: 500 }, (_, period) => signingKey('secret', period * KEY_PERIOD_MS).kid);

  expect(new Set(kids).size).toBe(500);
});
