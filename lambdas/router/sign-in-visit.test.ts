import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { RecordedResponse } from './testing/recorded-response.ts';
import { type EventChanges, event, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const PAGE = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };
const BROWSER = 'b'.repeat(43);

const answer = async (rig: ReturnType<typeof createRig>, changes: EventChanges): Promise<RecordedResponse> => {
  const { response, done } = rig.begin(event(changes));
  await done;
  return response;
};
const cookieIn = (response: RecordedResponse, name: string): string | undefined =>
  response.headerAll('Set-Cookie').find((cookie) => cookie.startsWith(`${name}=`));

describe('a visit', () => {
  const to = 'https://shop.apps.example.com/a?b=1&c';
  const visit = (changes: EventChanges = {}): EventChanges => ({
    path: '/.sallyport/visit',
    multiValueQueryStringParameters: { to: [to] },
    headers: PAGE,
    ...changes,
  });

  test('sets this host’s sign-in cookie and asks the portal, which knows whether it leads anywhere', async () => {
    const response = await answer(createRig(), visit());

    const location = new URL(response.header('Location')!);
    const secret = /^__Host-sallyport-sign-in=([\w-]{43}); Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/.exec(
      cookieIn(response, '__Host-sallyport-sign-in')!,
    )![1]!;
    expect(response.status).toBe(302);
    expect(location.origin + location.pathname).toBe('https://portal.example.com/sign-in');
    expect(Object.fromEntries(location.searchParams)).toEqual({ to, through: HOST, challenge: digest(secret) });
  });

  test('keeps a cookie that is there', async () => {
    const response = await answer(createRig(), visit({ headers: { Cookie: [`__Host-sallyport-sign-in=${BROWSER}`] } }));

    expect(new URL(response.header('Location')!).searchParams.get('challenge')).toBe(digest(BROWSER));
  });

  test.each(['https://evil.example/', '//evil.example', 'javascript:alert(1)', '/\r\nSet-Cookie: a=b'])(
    'open redirect: never goes to %j itself',
    async (address) => {
      const response = await answer(createRig(), visit({ multiValueQueryStringParameters: { to: [address] } }));

      expect(new URL(response.header('Location')!).origin).toBe('https://portal.example.com');
      expect(response.header('Location')).not.toMatch(/[\r\n]/);
    },
  );

  test.each<[EventChanges, number]>([
    [{ multiValueQueryStringParameters: null }, 400],
    [{ multiValueQueryStringParameters: { to: [to, to] } }, 400],
    [{ httpMethod: 'POST' }, 405],
  ])('%j is refused', async (changes, status) => {
    const response = await answer(createRig(), visit(changes));

    expect(response.status).toBe(status);
    expect(response.headerAll('Set-Cookie')).toEqual([]);
  });
});
