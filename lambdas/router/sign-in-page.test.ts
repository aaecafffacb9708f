import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KEPT_PLACE } from '../../protocol/kept-place.ts';
import { application, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

describe('nothing is lost on the way to sign in', () => {
  const BROWSER_PAGE = { 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['document'], Accept: ['text/html'] };
  const FORM = {
    ...BROWSER_PAGE,
    'Sec-Fetch-Site': ['same-origin'],
    'Content-Type': ['application/x-www-form-urlencoded'],
  };
  const post = (headers: Record<string, string[]>) =>
    createRig().answer({
      httpMethod: 'POST',
      path: '/save',
      body: Buffer.from('a=1&b=<x>').toString('base64'),
      isBase64Encoded: true,
      headers,
    });

  test('a browser’s page load gets a page whose script takes the fragment along, and nothing else may run', async () => {
    const response = await createRig().answer({ path: '/a', headers: BROWSER_PAGE });

    const body = response.body().toString();
    const script = /<script>([\s\S]*?)<\/script>/.exec(body)![1]!;
    expect(response.status).toBe(200);
    expect(response.header('Content-Security-Policy')).toContain(
      `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    );
    expect(body).toMatch(
      /id="onward"[^>]*href="https:\/\/portal\.example\.com\/sign-in\?challenge=[\w-]{43}&amp;to=https%3A%2F%2F[^"]*%2Fa"/,
    );
    expect(response.headerAll('Set-Cookie').find((cookie) => cookie.startsWith('__Host-sallyport-sign-in='))).toBeDefined();
  });

  test('a form that this site’s own page sent is kept in a page, escaped', async () => {
    const response = await post(FORM);

    const body = response.body().toString();
    expect(response.status).toBe(200);
    expect(body).toContain(`data-body="${Buffer.from('a=1&b=<x>').toString('base64')}"`);
    expect(body).toContain(`action="https://${HOST}/save"`);
    expect(body).toContain('%2F.sallyport%2Fsigned-in"');
  });

  test('a path that looks like another host (//host) leads the kept form nowhere else', async () => {
    const sent = { requestId: 'request-1', path: '//evil.example/x', identity: { sourceIp: '203.0.113.9' } };
    const body = Buffer.from('a=1').toString('base64');

    const response = await createRig().answer({
      ...{ httpMethod: 'POST', path: '/evil.example/x', requestContext: sent, body, isBase64Encoded: true, headers: FORM },
    });

    expect(response.body().toString()).toContain(`action="https://${HOST}//evil.example/x"`);
  });

  test.each<[string, Record<string, string[]>]>([
    ['another site’s page sent (CSRF)', { 'Sec-Fetch-Site': ['cross-site'] }],
    ['a sibling host’s page sent', { 'Sec-Fetch-Site': ['same-site'] }],
    ['nobody says who sent', { 'Sec-Fetch-Site': [] }],
    ['is none that a form can be', { 'Content-Type': ['application/json'] }],
  ])('what %s is not', async (_, changes) => {
    const response = await post({ ...FORM, ...changes });

    // Nor does it become a request without what was sent.
    const body = response.body().toString();
    expect([response.status, response.header('Location')]).toEqual([403, null]);
    expect(body).toContain('ERR_FORM_NOT_KEPT');
    expect(body).toMatch(/href="https:\/\/portal\.example\.com\/sign-in\?challenge=[\w-]{43}&amp;to=[^"]*"[^>]*>Sign in</);
    expect(body).not.toContain('data-body');
  });
});

describe('an address that is too long to travel through the sign-in', () => {
  const BROWSER_PAGE = { 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['document'], Accept: ['text/html'] };
  const onwardOf = async (changes: object) => {
    const rig = createRig();
    rig.applications[0] = application({ path: '/docs/' });
    const body = (await rig.answer({ headers: BROWSER_PAGE, ...changes })).body().toString();
    const [, url = '', fits, kept = ''] = /id="onward"[^>]*href="([^"]*)" data-fits="([^"]*)" data-kept="([^"]*)"/.exec(body) ?? [];
    const to = (address: string) => new URL(address.replaceAll('&amp;', '&')).searchParams.get('to');
    return { to: to(url), fits, kept: to(kept), script: /<script>([\s\S]*?)<\/script>/.exec(body)![1]! };
  };
  /** What the page's script does in a tab. */
  const follow = (script: string, onward: object, href: string, store: Map<string, string> | null) => {
    let led = '';
    const replace = (to: string) => {
      led = to;
    };
    const location = { href, origin: new URL(href).origin, hash: new URL(href).hash, replace };

    const element = { getElementById: () => onward };
    const storage = store && {
      setItem: (key: string, value: string) => void store.set(key, value),
      getItem: (key: string) => store.get(key) ?? null,
      removeItem: (key: string) => void store.delete(key),
    };
    new Function('location', 'document', 'sessionStorage', script)(location, element, storage);
    return led;
  };
  const LONG = `https://${HOST}/docs/a?q=${'x'.repeat(6_000)}`;

  test('stays in the tab, and comes back to where it is found, by the application that it is of', async () => {
    const { to, fits, kept, script } = await onwardOf({ path: '/docs/a', multiValueQueryStringParameters: { q: ['x'.repeat(6_000)] } });
    const store = new Map<string, string>();

    const led = follow(script, { href: 'short', dataset: { fits, kept: 'kept' } }, `${LONG}#place`, store);
    const back = await createRig().answer({ path: '/.sallyport/return', multiValueQueryStringParameters: { at: ['/docs/'] } });
    const [, backScript = ''] = /<script>([\s\S]*?)<\/script>/.exec(back.body().toString()) ?? [];

    expect({ to, fits, kept, led }).toEqual({
      ...{ to: `https://${HOST}/docs/`, fits: '', led: 'kept' },
      kept: `https://${HOST}/.sallyport/return?at=%2Fdocs%2F`,
    });
    expect(back.body().toString()).toContain(`id="onward" class="button" href="https://${HOST}/docs/"`);
    expect(follow(backScript, { href: 'home' }, `https://${HOST}/.sallyport/return`, store)).toBe(`${LONG}#place`);
    expect(store.size).toBe(0);
  });

  test('stays for its fragment alone, and one that is short travels', async () => {
    const { fits, script } = await onwardOf({ path: '/docs/a' });
    const onward = { href: 'to=', dataset: { fits, kept: 'kept' } };

    expect(follow(script, onward, `https://${HOST}/docs/a#b=c`, new Map())).toBe('to=%23b%3Dc');
    expect(follow(script, onward, `https://${HOST}/docs/a#${'f'.repeat(100_000)}`, new Map())).toBe('kept');
    // A tab that keeps nothing goes where it can.
    expect(follow(script, onward, `https://${HOST}/docs/a#${'f'.repeat(100_000)}`, null)).toBe('to=');
  });

  test.each(['https://evil.example/', `https://${HOST}.evil.example/`, `https://${HOST}/.sallyport/sign-out`, 'javascript:alert(1)'])(
    'leads back nowhere else: %s',
    async (planted) => {
      const back = await createRig().answer({ path: '/.sallyport/return', multiValueQueryStringParameters: { at: ['/'] } });
      const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(back.body().toString()) ?? [];

      expect(follow(script, { href: 'home' }, `https://${HOST}/.sallyport/return`, new Map([[KEPT_PLACE, planted]]))).toBe('home');
    },
  );

  test.each(['//evil.example/', 'https://evil.example/', '/a', '/../', '/.sallyport/%2e/', '\\'])(
    '%s is no place of an application',
    async (at) => {
      const answer = await createRig().answer({ path: '/.sallyport/return', multiValueQueryStringParameters: { at: [at] } });

      expect(answer.body().toString()).toContain(`class="button" href="https://${HOST}/"`);
    },
  );
});

describe('a form of another site that the application waits for', () => {
  const PROVIDER = 'https://login.example.com';
  const posted = async (
    headers: Record<string, string[]> = {},
    path = '/saml/acs',
    signedIn = false,
    query: Record<string, string[]> = {},
  ) => {
    const rig = createRig();
    rig.applications[0] = application({ formsFrom: [{ path: '/saml/acs', origins: [PROVIDER] }] });
    const answer = await rig.answer({
      ...{ httpMethod: 'POST', path, body: 'SAMLResponse=a%2Bb&RelayState=c', multiValueQueryStringParameters: query },
      headers: {
        ...{ 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['document'], 'Sec-Fetch-Site': ['cross-site'], Origin: [PROVIDER] },
        ...{ 'Content-Type': ['application/x-www-form-urlencoded'], ...(signedIn && { Cookie: [rig.signIn()] }) },
        ...headers,
      },
    });
    return { rig, status: answer.status, body: answer.body().toString(), policy: answer.header('Content-Security-Policy') };
  };

  test('is sent once more from this origin, where the browser’s cookies come along; the answer may lead anywhere', async () => {
    const { rig, status, body, policy } = await posted();

    expect(status).toBe(200);
    expect(body).toContain(`method="post" action="https://${HOST}/saml/acs"`);
    expect(body).toContain(`data-body="${Buffer.from('SAMLResponse=a%2Bb&RelayState=c').toString('base64')}"`);
    expect(body).toMatch(/send\(\)<\/script>/);
    expect(policy).toContain("form-action 'self' https:");
    expect(rig.requests()).toEqual([]);
  });

  test('is one of our own portal, too, which answers applications that speak SAML so', async () => {
    const { body } = await posted({ Origin: ['https://portal.example.com'], 'Sec-Fetch-Site': ['same-site'] }, '/acs');

    expect(body).toContain(`action="https://${HOST}/acs"`);
  });

  test('is kept then, where there is no session', async () => {
    const { status, body } = await posted({ 'Sec-Fetch-Site': ['same-origin'], Origin: [`https://${HOST}`] });

    expect([status, body.includes('Sign in and send')]).toEqual([200, true]);
  });

  test.each<[string, Record<string, string[]>, string]>([
    ['another site sends', { Origin: ['https://evil.example'] }, '/saml/acs'],
    ['nobody says who sends', { Origin: ['null'] }, '/saml/acs'],
    ['comes to another path', {}, '/saml/acs/more'],
    ['comes to one that some server takes for it', {}, '/saml/%61cs'],
    ['is none', { 'Content-Type': ['text/plain'] }, '/saml/acs'],
  ])('is refused with words where it %s', async (_, headers, path) => {
    const { rig, status, body } = await posted(headers, path);

    expect([status, body.includes('ERR_FORM_NOT_KEPT'), rig.requests()]).toEqual([403, true, []]);
  });

  test('is refused where it asks for another method: once more from here, it would be the application’s own', async () => {
    const { status, body } = await posted({}, '/saml/acs', false, { _method: ['DELETE'] });

    expect([status, body.includes('ERR_FORM_NOT_KEPT')]).toEqual([403, true]);
    expect((await posted({}, '/saml/acs', false, { _method: ['POST'] })).status).toBe(200);
  });
});
