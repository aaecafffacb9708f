// What scripts of ours ask for a page at the target's own path: the browser's cookies are those of that path, and nobody else can ask so.
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { application, type EventChanges, HOST } from './testing/records.ts';
import { answerWith, createRig } from './testing/rig.ts';
import { codeOf, createUploads, metadata, parting, TUS } from './testing/uploads.ts';

const ORIGIN = `https://${HOST}`;
const FROM_HERE = { Origin: [ORIGIN], 'Sec-Fetch-Site': ['same-origin'] };

const createSockets = () => {
  const rig = createRig();
  rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
    const headers = [['Set-Cookie', 'seat=12; HttpOnly'] as const];
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 101, headers, end: true });
  });
  const cookie = rig.signIn();
  const asking = (changes: EventChanges = {}): EventChanges => ({
    ...{ httpMethod: 'POST', path: '/app/live', multiValueQueryStringParameters: { room: ['a b'] }, body: '{"protocols":["chat"]}' },
    ...changes,
    headers: {
      'Sallyport-Call': ['socket'],
      'Content-Type': ['application/json'],
      Cookie: [cookie, 'sid=1'],
      ...FROM_HERE,
      ...changes.headers,
    },
  });
  return { rig, asking };
};

describe('a WebSocket that a page asks for at its own path', () => {
  test('is that handshake, with the cookies that the browser sent there, and its cookies are the answer’s', async () => {
    const { rig, asking } = createSockets();

    const answer = await rig.answer(asking());

    const [{ method, url, headers, upgrade } = {} as never] = rig.requests();
    expect({ method, url, protocols: upgrade?.protocols }).toEqual({
      ...{ method: 'GET', url: 'http://wiki.internal:8080/app/live?room=a%20b', protocols: ['chat'] },
    });
    expect(headers.filter(([name]) => /^(?:cookie|sallyport-|content-)/i.test(name))).toEqual([['Cookie', 'sid=1']]);
    expect([answer.status, answer.header('Set-Cookie')]).toEqual([200, 'seat=12; HttpOnly']);
  });

  test('goes on by the reserved path, as one of a program does', async () => {
    const { rig, asking } = createSockets();
    const { resume } = JSON.parse((await rig.answer(asking())).body().toString());

    const answer = await rig.answer(
      asking({ path: '/.sallyport/socket', body: JSON.stringify({ resume, link: 1 }), headers: { 'Sallyport-Call': [] } }),
    );

    expect([answer.status, rig.requests().length]).toEqual([200, 1]);
  });

  test.each([undefined, true as const])(
    'keeps the keys of the tunnel that it began over (apart: %s), whatever the connector says later',
    async (keysApart) => {
      const { rig, asking } = createSockets();
      const [tunnel] = rig.tunnels;
      const ticketOf = async (changes?: EventChanges) => {
        const grant = JSON.parse((await rig.answer(asking(changes))).body().toString());
        return { resume: grant.resume, ticket: decodeJwt(new URL(grant.connect).searchParams.get('ticket')!) };
      };

      rig.tunnels[0] = { ...tunnel!, ...(keysApart && { keysApart }) };
      const first = await ticketOf();
      rig.tunnels[0] = { ...tunnel!, ...(!keysApart && { keysApart: true }) };
      const body = JSON.stringify({ resume: first.resume, link: 1 });
      const second = await ticketOf({ path: '/.sallyport/socket', body, headers: { 'Sallyport-Call': [] } });

      expect([first.ticket.keysApart, second.ticket.keysApart]).toEqual([keysApart, keysApart]);
    },
  );
});

describe('an upload that a page begins at its target', () => {
  const beginning = (cookie: string, told: Record<string, string> = { method: 'PUT' }): EventChanges => ({
    ...{ httpMethod: 'POST', path: '/app/files', multiValueQueryStringParameters: { a: ['b/c'] } },
    headers: {
      ...{ ...TUS, 'Sallyport-Call': ['upload'], Cookie: [cookie, 'sid=1'], ...FROM_HERE },
      ...{ 'Upload-Length': ['12'], 'Upload-Metadata': [metadata(told)] },
    },
  });
  const asking = (cookie: string, upload: string, changes: EventChanges = {}): EventChanges => ({
    ...{ httpMethod: 'PUT', path: '/app/files', multiValueQueryStringParameters: { a: ['b/c'] } },
    ...changes,
    headers: { Cookie: [cookie], 'Content-Location': [upload] },
  });

  test('is the request of that path, and is answered there, by the method that it has', async () => {
    const { rig, connector, cookie, exchange } = createUploads();

    const upload = (await rig.answer(beginning(cookie))).header('Location')!;
    await rig.answer(parting(cookie, upload, 0, 'abcdefghijkl'));
    const answer = await rig.answer(asking(cookie, upload));

    const [{ method, url, headers } = {} as never] = rig.requests();
    expect({ method, url }).toEqual({ method: 'PUT', url: 'http://wiki.internal:8080/app/files?a=b%2Fc' });
    expect(headers).toEqual(
      expect.arrayContaining([
        ['Cookie', 'sid=1'],
        ['Content-Length', '12'],
      ]),
    );
    expect(headers.filter(([name]) => /^(?:tus-|upload-|sallyport-)/i.test(name))).toEqual([]);
    expect([connector.body(exchange()), answer.status, answer.body().toString()]).toEqual(['abcdefghijkl', 201, 'stored']);
  });

  test('is answered at no other address, by no other method, and to no other session', async () => {
    const { rig, cookie } = createUploads();
    const upload = (await rig.answer(beginning(cookie))).header('Location')!;

    const answers = [
      await rig.answer(asking(cookie, upload, { path: '/app/others' })),
      await rig.answer(asking(cookie, upload, { httpMethod: 'POST' })),
      await rig.answer(asking(rig.signIn(), upload)),
      await rig.answer(asking(cookie, '/.sallyport/uploads/made-up')),
    ];

    expect(answers.map(codeOf)).toEqual(Array(4).fill('ERR_UPLOAD_UNKNOWN'));
    expect(rig.requests()).toHaveLength(1);
  });

  test('leads nowhere else, whatever is told of it', async () => {
    const { rig, cookie } = createUploads();

    await rig.answer(beginning(cookie, { target: '/admin' }));

    expect(rig.requests()[0]!.url).toBe('http://wiki.internal:8080/app/files?a=b%2Fc');
  });
});

describe('nobody else asks so:', () => {
  test.each<[string, EventChanges]>([
    ['a page of another origin', { headers: { Origin: ['https://evil.example'] } }],
    ['a page of another origin of this site', { headers: { 'Sec-Fetch-Site': ['same-site'] } }],
    ['a page of nowhere', { headers: { Origin: ['null'] } }],
    ['one that asks for something else', { headers: { 'Sallyport-Call': ['download'] } }],
    ['one that asks for two things', { headers: { 'Sallyport-Call': ['socket', 'upload'] } }],
    ['a link', { httpMethod: 'GET', body: null }],
    ['one at a reserved path', { path: '/.sallyport/session' }],
    ['one at a reserved path in disguise', { path: '/%2esallyport/session' }],
    ['a form', { headers: { 'Content-Type': ['text/plain'] } }],
  ])('%s', async (_, changes) => {
    const { rig, asking } = createSockets();

    const answer = await rig.answer(asking(changes));

    expect([answer.status, codeOf(answer), rig.requests()]).toEqual([400, 'ERR_REQUEST_INVALID', []]);
  });

  test.each<[string, Parameters<typeof application>[0]]>([
    [
      'a rule that allows every field',
      {
        cors: [{ path: '/', origins: ['https://other.example.com'], methods: ['*'], headers: ['*'], credentials: true, maxAgeSeconds: 5 }],
      },
    ],
    ['an application that would allow it itself', { preAuthentication: 'pass-through' }],
  ])('the browser is not allowed it by %s', async (_, changes) => {
    const rig = createRig();
    rig.applications[0] = application(changes);
    rig.behaviours.set('tunnel-a=', answerWith('allowed', 204));

    const answer = await rig.answer({
      httpMethod: 'OPTIONS',
      headers: {
        Origin: ['https://other.example.com'],
        'Access-Control-Request-Method': ['POST'],
        'Access-Control-Request-Headers': ['content-type, Sallyport-Call'],
      },
    });

    expect([answer.status, codeOf(answer), rig.requests()]).toEqual([403, 'ERR_PREFLIGHT_REFUSED', []]);
  });
});
