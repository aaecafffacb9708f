import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { HOST } from './testing/records.ts';
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
    expect(script).toContain('location.hash');
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

    expect(response.body().toString()).not.toContain('data-body');
    expect(response.status).toBe(302);
  });
});
