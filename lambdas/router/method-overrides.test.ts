// Attack: a request is decided on by its own method, and carried out by another that the server finds in its fields or its query.
import { describe, expect, test } from '@jest/globals';
import { methodOverrides } from './method-overrides.ts';
import { application, type EventChanges } from './testing/records.ts';
import { createRig } from './testing/rig.ts';
import { beginning, createUploads } from './testing/uploads.ts';

describe('a field', () => {
  test.each([
    'X-HTTP-Method-Override',
    'x-http-method-override',
    'X_HTTP_METHOD_OVERRIDE',
    'X.Http~Method.Override',
    'X-HTTP-Method',
    'X_Http_Method',
    'X-Method-Override',
    'x_method_override',
    'X-Method',
    'HTTP-Method-Override',
    'X-Tunneled-Method',
    'X-HTTPMethod-Override',
    'X-HTTP-MethodOverride',
    'X-HTTP-Override',
    'X-HTTP-Verb',
    'X-Override-Method',
    'X-REST-Method',
    'X--Http-Method',
  ])('%s names a method', (name) => {
    expect(methodOverrides([[name, 'delete']], '', '/')).toEqual(['DELETE']);
  });

  test('names several, in whatever form', () => {
    const headers = [['X-HTTP-Method-Override', ' put, DELETE'] as const, ['X-HTTP-Method', '"DELETE"'] as const];

    expect(methodOverrides(headers, '', '/')).toEqual(['PUT', 'DELETE']);
  });

  test.each(['Access-Control-Request-Method', 'Method-Of-Payment', 'X-Methodology', 'Accept'])('%s does not', (name) => {
    expect(methodOverrides([[name, 'DELETE']], '', '/')).toEqual([]);
  });
});

describe('a query', () => {
  test.each([
    '?_method=DELETE',
    '?_method=delete',
    '?a=b&_METHOD=Delete',
    '?%5fmethod=DELETE',
    '?_%6dethod=%44ELETE',
    '?_method[]=DELETE',
    '?__METHOD__=DELETE',
    '?.method=DELETE',
    '?%5bmethod=DELETE',
    '?+_method=DELETE',
    '?_method%00x=DELETE',
    '?a=1;_method=DELETE',
    '?_method_override=DELETE',
    '?_HttpMethod=DELETE',
    '?$httpMethod=DELETE',
    '?X-HTTP-Method-Override=DELETE',
    '?x-http-method=DELETE',
    '?_method=GET&_method=DELETE',
  ])('%s names a method', (query) => {
    expect(methodOverrides([], query, '/')).toContain('DELETE');
  });

  test.each(['', '?', '?method=DELETE', '?payment_method=DELETE', '?q=_method', '?_methods=DELETE', '?a=_method%3DDELETE'])(
    '%s does not',
    (query) => {
      expect(methodOverrides([], query, '/')).toEqual([]);
    },
  );
});

describe('a parameter in the path', () => {
  test.each(['/a;_method=DELETE', '/a;b=c;_Method=delete/d', '/a%3B_method=DELETE;c', '/;X-HTTP-Method-Override=DELETE/a'])(
    'of %s names a method',
    (path) => {
      expect(methodOverrides([], '', path)).toEqual(['DELETE']);
    },
  );

  test.each(['/_method=DELETE', '/a;method=DELETE', '/a;b/_method=DELETE'])('of %s does not', (path) => {
    expect(methodOverrides([], '', path)).toEqual([]);
  });
});

test('a request that names more than anyone needs is refused', () => {
  const many = Array.from({ length: 4 }, (_, index) => 'ABCD'.slice(index)).join();

  expect(() => methodOverrides([['X-HTTP-Method', many]], '', '/')).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }));
});

describe('where a condition is on DELETE', () => {
  const guarded = application({
    bigUploads: 'on',
    conditions: [{ name: 'Nothing is deleted', paths: [], methods: ['DELETE'], require: null, refuse: {} }],
  });
  const ask = async (changes: EventChanges) => {
    const rig = createRig();
    rig.applications[0] = guarded;
    const cookie = rig.signIn();
    const { status } = await rig.answer({ ...changes, headers: { Cookie: [cookie], ...changes.headers } });
    return [status, rig.requests().length];
  };
  const post = { httpMethod: 'POST' };

  test.each<[string, EventChanges]>([
    ['by a field', { ...post, headers: { 'X-HTTP-Method-Override': ['DELETE'] } }],
    ['by a field with underscores', { ...post, headers: { x_http_method: ['delete'] } }],
    ['in its path', { ...post, path: '/files;_method=DELETE' }],
    ['in the query', { ...post, multiValueQueryStringParameters: { _method: ['DELETE'] } }],
    ['of a GET', { headers: { 'X-Method-Override': ['DELETE'] } }],
  ])('a request that asks for it %s does not reach the application', async (_, changes) => {
    expect(await ask(changes)).toEqual([403, 0]);
  });

  test('one that asks for something else does', async () => {
    expect(await ask({ ...post, headers: { 'X-HTTP-Method-Override': ['PUT'] } })).toEqual([200, 1]);
  });

  const asked = (url: string) => ({
    ...post,
    path: '/.sallyport/socket',
    headers: { 'Content-Type': ['application/json'] },
    body: JSON.stringify({ url, protocols: [] }),
  });

  test.each<[string, EventChanges]>([
    ['in its query', asked('wss://wiki.apps.example.com/live?_method=DELETE')],
    [
      'by a field',
      { ...asked('wss://wiki.apps.example.com/live'), headers: { 'Content-Type': ['application/json'], X_HTTP_Method: ['DELETE'] } },
    ],
  ])('a WebSocket that asks for it %s is refused', async (_, changes) => {
    expect(await ask(changes)).toEqual([403, 0]);
  });

  test.each<[string, Parameters<typeof beginning>[1]]>([
    ['in its target', { told: { target: '/files?_method=DELETE' } }],
    ['after a semicolon', { told: { target: '/files?a=b;_method=DELETE' } }],
    ['by a field', { 'X-HTTP-Method-Override': ['DELETE'] }],
  ])('an upload that asks for it %s is refused', async (_, options) => {
    const { rig, cookie } = createUploads(guarded);

    expect([(await rig.answer(beginning(cookie, options))).status, rig.requests().length]).toEqual([403, 0]);
  });

  test('an upload cannot say so of its target', async () => {
    const { rig, begun } = createUploads(guarded);
    const headers = JSON.stringify([
      ['X_HTTP_Method_Override', 'DELETE'],
      ['X-Method-Override', 'DELETE'],
      ['X-Kept', 'yes'],
    ]);

    await begun({ told: { target: '/files', headers } });

    const names = rig.requests()[0]!.headers.map(([name]) => name);
    expect(names).toContain('X-Kept');
    expect(names.filter((name) => /method/i.test(name))).toEqual([]);
  });
});
