// Open redirect: a sign-in link that looks like ours and ends at somebody else's site. Here are the spellings that have led there in
// other products; each must be refused, by exactly one code, whatever the parser makes of it.
import { describe, expect, test } from '@jest/globals';
import type { ApplicationHere } from '../stores/records.ts';
import { checkReturnUrl } from './return-url.ts';

const HOSTS = ['wiki.apps.example.com', '*.dev.apps.example.com', 'localhost'];
const directory = { applicationsOn: async (host: string) => (HOSTS.includes(host) ? [{ host } as ApplicationHere] : []) };
const check = (to: string | null, portal = 'https://portal.example.com') => checkReturnUrl(directory, portal, to);

describe('a return address', () => {
  test.each([
    'https://wiki.apps.example.com',
    'https://wiki.apps.example.com/',
    'https://wiki.apps.example.com/a/b?c=https://evil.example#d',
    'https://wiki.apps.example.com/a%2Fb%5C?x=%0d%0a',
    'https://wiki.apps.example.com/@evil.example/a//b',
    'https://a.dev.apps.example.com/x',
  ])('is accepted on a published host: %s', async (to) => {
    const url = await check(to);

    expect(url.href).toBe(to === 'https://wiki.apps.example.com' ? `${to}/` : to);
  });

  test('has the portal’s scheme and port', async () => {
    const portal = 'http://portal.example.com:8080';

    expect((await check('http://wiki.apps.example.com:8080/', portal)).port).toBe('8080');
    for (const to of ['http://wiki.apps.example.com/', 'https://wiki.apps.example.com:8080/', 'http://wiki.apps.example.com:80800/']) {
      await expect(check(to, portal)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    }
  });

  test.each([
    null,
    '',
    '/',
    '/a',
    '//evil.example',
    '///evil.example',
    '////evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '.evil.example',
    'evil.example',
    'wiki.apps.example.com',
    '//wiki.apps.example.com/',
    'https:wiki.apps.example.com',
    'https:/wiki.apps.example.com',
    'https:///wiki.apps.example.com',
    'https:\\\\wiki.apps.example.com',
    'https://wiki.apps.example.com\\@evil.example',
    'https://evil.example\\@wiki.apps.example.com',
    'https://evil.example\\.wiki.apps.example.com',
    'https://wiki.apps.example.com@evil.example',
    'https://wiki.apps.example.com:443@evil.example',
    'https://user@wiki.apps.example.com/',
    'https://user:word@wiki.apps.example.com/',
    'https://:@wiki.apps.example.com/',
    'https://@wiki.apps.example.com/',
    'https://evil.example#@wiki.apps.example.com',
    'https://evil.example?@wiki.apps.example.com',
    'https://evil.example/wiki.apps.example.com',
    'https://evil.example/?x=https://wiki.apps.example.com/',
    'https://evil.example%23.wiki.apps.example.com',
    'https://evil.example%2f.wiki.apps.example.com',
    'https://wiki.apps.example.com.evil.example/',
    'https://evilwiki.apps.example.com.evil.example/',
    'https://wiki.apps.example.com./',
    'https://wiki.apps.example.com%2eevil.example/',
    'https://wiki.apps.example.com%00.evil.example/',
    'https://wiki.apps.example.com\0.evil.example/',
    'https://wiki.apps.example.com:443/',
    'https://wiki.apps.example.com:8443/',
    'https://wiki.apps.example.com:/',
    'https://WIKI.apps.example.com/',
    'HTTPS://wiki.apps.example.com/',
    'https://%77iki.apps.example.com/',
    'https://wiki。apps。example。com/',
    'https://ｗiki.apps.example.com/',
    'https://wiki.apps.ex\u00adample.com/',
    'https://evil.example／.wiki.apps.example.com/',
    'https://evil.ex℀mple/',
    ' https://wiki.apps.example.com/',
    'https://wiki.apps.example.com/ ',
    'https://wiki.apps.example.com/a b',
    '\thttps://wiki.apps.example.com/',
    'ht\ntps://wiki.apps.example.com/',
    'https://wiki.apps.example.com/\r\nSet-Cookie:x=y',
    'https://wiki.apps.example.com/\n',
    'https://wiki.apps.example.com/ü',
    'https://wiki.apps.example.com//evil.example',
    'https://wiki.apps.example.com///evil.example',
    'https://wiki.apps.example.com/.//evil.example',
    'https://wiki.apps.example.com/x/..//evil.example',
    'https://wiki.apps.example.com/%2e%2e//evil.example',
    'https://wiki.apps.example.com/\\evil.example',
    'http://wiki.apps.example.com/',
    'ftp://wiki.apps.example.com/',
    'ws://wiki.apps.example.com/',
    'javascript:alert(1)',
    'javascript://wiki.apps.example.com/%0aalert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://wiki.apps.example.com/x',
    'view-source:https://wiki.apps.example.com/',
    'https://',
    'https://?',
    'https://#',
    'https://.',
    'https://[::1]/',
    'https://[wiki.apps.example.com]/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://apps.example.com/',
    'https://example.com/',
    'https://portal.example.com/',
    'https://dev.apps.example.com/',
    'https://a.b.dev.apps.example.com/',
    'https://*.dev.apps.example.com/',
    'https://%2a.dev.apps.example.com/',
    'https://.dev.apps.example.com/',
    'https://com/',
    `https://wiki.apps.example.com/${'x'.repeat(4096)}`,
  ])('is refused: %j', async (to) => {
    await expect(check(to)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });

  test.each(['__proto__', 'constructor', 'toString'])('is looked up by name alone: %s', async (host) => {
    await expect(check(`https://${host}/`)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });
});
