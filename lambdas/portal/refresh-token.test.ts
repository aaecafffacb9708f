import { describe, expect, test } from '@jest/globals';
import { refreshTokenKey, stateKey } from '../keys.ts';
import { openRefreshToken, sealRefreshToken } from './refresh-token.ts';

const KEY = refreshTokenKey('a master key');
const TOKEN = 'the provider’s token';

describe('a refresh token in the table', () => {
  test('is opened by the key and for the session that it was sealed with', () => {
    const sealed = sealRefreshToken(TOKEN, KEY, 'session-1');

    expect(openRefreshToken(sealed, KEY, 'session-1')).toBe(TOKEN);
  });

  test('looks otherwise each time, and tells nothing of itself', () => {
    const [one, other] = [sealRefreshToken(TOKEN, KEY, 's'), sealRefreshToken(TOKEN, KEY, 's')];

    expect(one).not.toBe(other);
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('provider');
  });

  test.each<[string, (sealed: string) => () => string]>([
    ['moved to another session', (sealed) => () => openRefreshToken(sealed, KEY, 'session-2')],
    ['with another master key', (sealed) => () => openRefreshToken(sealed, refreshTokenKey('another'), 'session-1')],
    ['with the key of another purpose', (sealed) => () => openRefreshToken(sealed, stateKey('a master key'), 'session-1')],
    [
      'changed',
      (sealed) => () => openRefreshToken(`${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`, KEY, 'session-1'),
    ],
    ['cut', (sealed) => () => openRefreshToken(sealed.slice(0, 30), KEY, 'session-1')],
    ['empty', () => () => openRefreshToken('', KEY, 'session-1')],
  ])('is worth nothing %s', (_, opened) => {
    expect(opened(sealRefreshToken(TOKEN, KEY, 'session-1'))).toThrow();
  });
});
