import { describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { type AuthenticatePorts, authenticate } from './authenticate.ts';
import type { FindSession } from './ports.ts';
import { application, HOST, session } from './testing/records.ts';

const NOW = 1_000_000;
const SECRET = 'a'.repeat(43);
const good = session({ id: digest(SECRET), expiresAt: NOW + 1 });

/** No application here takes tokens: authenticate-token.test.ts has those. */
const ports = (findSession: FindSession): AuthenticatePorts => ({
  findSession,
  sessions: { find: findSession },
  keepUp: async () => undefined,
  freshServiceToken: async () => null,
  clock: { now: () => NOW, after: () => () => undefined },
  findServiceToken: async () => null,
  accessTokens: { verify: () => Promise.reject(new Error('not asked')) },
  issuers: [],
});

const ask = (headers: HeaderList, stored: Session | null = good) => {
  const asked: string[] = [];
  const find = async (id: string) => {
    asked.push(id);
    return stored?.id === id ? stored : null;
  };
  return { asked, answer: authenticate(ports(find), application(), { method: 'GET', headers, host: HOST }) };
};

test('the digest of the cookie names the session; the secret itself is asked for nowhere', async () => {
  const { asked, answer } = ask([['cookie', `theme=dark; __Host-sallyport-session=${SECRET}; x=y`]]);

  expect(await answer).toMatchObject({ user: good.user, by: 'browser', mfa: false, authenticatedAt: null });
  expect(asked).toEqual([digest(SECRET)]);
});

describe('is nobody', () => {
  test.each<[string, HeaderList, Session | null]>([
    ['without a cookie', [['Cookie', 'theme=dark']], good],
    ['with a cookie in another case', [['Cookie', `__host-Sallyport-session=${SECRET}`]], good],
    ['with a cookie without prefix, which any sibling host can plant', [['Cookie', `sallyport-session=${SECRET}`]], good],
    ['with the name inside another value', [['Cookie', `a=b__Host-sallyport-session=${SECRET}`]], good],
    ['with the cookie in another header', [['X-Cookie', `__Host-sallyport-session=${SECRET}`]], good],
    ['with an unknown or revoked session', [['Cookie', `__Host-sallyport-session=${SECRET}`]], null],
    ['with an expired session', [['Cookie', `__Host-sallyport-session=${SECRET}`]], { ...good, expiresAt: NOW }],
    ['with a session of another host', [['Cookie', `__Host-sallyport-session=${SECRET}`]], { ...good, host: 'other.apps.example.com' }],
    ['with a portal session', [['Cookie', `__Host-sallyport-session=${SECRET}`]], { ...good, host: null }],
  ])('%s', async (_, headers, stored) => {
    expect(await ask(headers, stored).answer).toBeNull();
  });

  test.each(['', 'short', `${SECRET}a`, `${'a'.repeat(42)}=`, `"${'a'.repeat(41)}"`, '\u00e4'.repeat(43)])(
    'with the value %j, which costs no look-up',
    async (value) => {
      const { asked, answer } = ask([['Cookie', `__Host-sallyport-session=${value}`]]);

      expect(await answer).toBeNull();
      expect(asked).toEqual([]);
    },
  );
});

describe('session fixation: two session cookies are refused, since two readers could each take another one', () => {
  test.each<[string, HeaderList]>([
    ['in one field', [['Cookie', `__Host-sallyport-session=${SECRET}; __Host-sallyport-session=${'b'.repeat(43)}`]]],
    [
      'in two fields',
      [
        ['Cookie', `__Host-sallyport-session=${SECRET}`],
        ['cookie', `__Host-sallyport-session=${SECRET}`],
      ],
    ],
    ['one of them empty', [['Cookie', `__Host-sallyport-session=; __Host-sallyport-session=${SECRET}`]]],
  ])('%s', async (_, headers) => {
    await expect(ask(headers).answer).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });
});

test('fail-open parse (authentik CVE-2026-25748): a store that fails lets nobody in', async () => {
  const find = async (): Promise<Session> => {
    throw new SallyportError('ERR_STORE_UNAVAILABLE');
  };

  const headers = [['Cookie', `__Host-sallyport-session=${SECRET}`]] as const;
  const answer = authenticate(ports(find), application(), { method: 'GET', headers, host: HOST });

  await expect(answer).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
});
