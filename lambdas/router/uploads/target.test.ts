// Attack: an upload's metadata say of the application's request what no page and no user may say.
import { describe, expect, test } from '@jest/globals';
import { beginning, codeOf, createUploads } from '../testing/uploads.ts';

describe('what a page may not say of its own requests, it cannot say by an upload:', () => {
  const begin = async (headers: [string, string][], sent: Record<string, string[]> = {}) => {
    const { rig, cookie } = createUploads({ singleSignOn: { method: 'headers', headers: { 'Remote-User': '{username}' } } as never });
    await rig.answer(beginning(cookie, { told: { target: '/', headers: JSON.stringify(headers) }, ...sent }));
    return rig.requests()[0]!.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  };

  test('its origin, its cookies, its host, where it comes from and by whom it was forwarded', async () => {
    const headers = await begin(
      [
        ['Origin', 'https://evil.example'],
        ['Cookie', 'a=evil'],
        ['Host', 'evil'],
        ['Referer', 'https://evil.example/'],
        ['Sec-Fetch-Site', 'evil'],
        ['X-Forwarded-For', '10.0.0.1'],
        ['Content-Length', '1'],
        ['Transfer-Encoding', 'chunked'],
      ],
      { Origin: ['https://wiki.apps.example.com'] },
    );

    expect(headers.filter((field) => field.includes('evil') || field.includes('10.0.0.1'))).toEqual([]);
    expect(headers).toContain('origin: http://wiki.internal:8080');
    expect(headers.filter((field) => /^(?:content-length|transfer-encoding)/.test(field))).toEqual(['content-length: 12']);
  });

  test('who its user is', async () => {
    const headers = await begin([
      ['Remote-User', 'admin'],
      ['Remote_User', 'admin'],
    ]);

    expect(headers.filter((field) => field.startsWith('remote'))).toEqual(['remote-user: alice@example.com']);
  });

  test('and the policy decides on the target, not on our path', async () => {
    const { rig, cookie } = createUploads({
      conditions: [{ name: 'No admin', paths: ['/admin/'], methods: [], require: null, refuse: {} } as never],
    });

    const answer = await rig.answer(beginning(cookie, { told: { target: '/admin/users' } }));
    const beside = await rig.answer(beginning(cookie, { told: { target: '/users' } }));

    expect([answer.status, beside.status]).toEqual([403, 201]);
  });

  test.each<[string, Record<string, string>]>([
    ['no target', {}],
    ['a target with credentials', { target: '@evil.example/' }],
    ['a target with dots', { target: '/a/../b' }],
    ['a target with a fragment', { target: '/a#b' }],
    ['a target with a blank', { target: '/a b' }],
    ['a target with a backslash', { target: '/\\evil.example' }],
    ['a reserved target', { target: '/.sallyport/session' }],
    ['a reserved target in disguise', { target: '/%2esallyport/session' }],
    ['one behind parameters that hold a slash', { target: '/;%2fx/%2esallyport/session' }],
    ['a target with a line break', { target: '/a\r\nX-C: d' }],
    ['a method without a body', { target: '/', method: 'GET' }],
    ['a method that is none', { target: '/', method: 'PO ST' }],
    ['a field that ends a line where bytes are cut', { target: '/', headers: JSON.stringify([['X-A', 'b\u010d\u010aX-C: d']]) }],
    ['a field name with a line break', { target: '/', headers: JSON.stringify([['X-A: b\r\nX-C', 'd']]) }],
    ['a field with a line break', { target: '/', headers: JSON.stringify([['X-A', 'b\r\nX-C: d']]) }],
    ['fields that are no list', { target: '/', headers: '{"a":"b"}' }],
    ['fields that are no JSON', { target: '/', headers: 'X-A: b' }],
  ])('%s is refused before anything is asked', async (_, told) => {
    const { rig, cookie } = createUploads();

    const answer = await rig.answer(beginning(cookie, { told }));

    expect(answer.status).toBe(400);
    expect(rig.requests()).toEqual([]);
  });

  test.each(['a\r\nX-C: d', 'a\u010d\u010aX-C: d'])('a file’s name and type of %j reach no header field', async (text) => {
    const { rig, cookie } = createUploads();

    const answer = await rig.answer(beginning(cookie, { told: { target: '/', filename: text, filetype: text, 'X-C': text } }));

    expect(answer.status).toBe(201);
    expect(rig.requests()[0]!.headers.filter(([name, value]) => /content-type|x-c$/i.test(name) || /X-C/.test(value))).toEqual([]);
  });

  test('a form of another site begins none: it cannot send the field that is needed', async () => {
    const { rig, cookie } = createUploads();
    const { 'Tus-Resumable': _, ...headers } = beginning(cookie).headers!;

    const answer = await rig.answer({ ...beginning(cookie), headers });
    const preflight = await rig.answer({
      httpMethod: 'OPTIONS',
      path: '/.sallyport/uploads',
      headers: { Origin: ['https://evil.example'], 'Access-Control-Request-Method': ['POST'] },
    });

    expect([answer.status, codeOf(answer), answer.header('Tus-Version')]).toEqual([412, 'ERR_UPLOAD_VERSION', '1.0.0']);
    expect(preflight.headers.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(rig.requests()).toEqual([]);
  });
});
