import { describe, expect, test } from '@jest/globals';
import { refreshTokenKey, stateKey } from '../keys.ts';
import { openToken, sealToken } from './sealed-token.ts';

const KEY = refreshTokenKey('a master key');
const TOKEN = 'the provider’s token';

describe('a refresh token in the table', () => {
  test('is opened by the key and for the session that it was sealed with', () => {
    const sealed = sealToken(TOKEN, KEY, 'session-1');

    expect(openToken(sealed, KEY, 'session-1')).toBe(TOKEN);
  });

  test('looks otherwise each time, and tells nothing of itself', () => {
    const [one, other] = [sealToken(TOKEN, KEY, 's'), sealToken(TOKEN, KEY, 's')];

    expect(one).not.toBe(other);
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('provider');
  });

  test.each<[string, (sealed: string) => () => string]>([
    ['moved to another session', (sealed) => () => openToken(sealed, KEY, 'session-2')],
    ['with another master key', (sealed) => () => openToken(sealed, refreshTokenKey('another'), 'session-1')],
    ['with the key of another purpose', (sealed) => () => openToken(sealed, stateKey('a master key'), 'session-1')],
    [
      'changed',
      (sealed) => () => openToken(`${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`, KEY, 'session-1'),
    ],
    ['cut', (sealed) => () => openToken(sealed.slice(0, 30), KEY, 'session-1')],
    ['empty', () => () => openToken('', KEY, 'session-1')],
  ])('is worth nothing %s', (_, opened) => {
    expect(opened(sealToken(TOKEN, KEY, 'session-1'))).toThrow();
  });
});
