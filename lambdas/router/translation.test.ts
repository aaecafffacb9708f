// Translation as the router does it: the request as the application knows itself, its answer as the user's browser does.
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application, Translation } from '../stores/records.ts';
import { application, HOST } from './testing/records.ts';
import { type Behaviour, createRig } from './testing/rig.ts';

const ON: Translation = { headers: true, links: 'on', scripts: true };
const PAGE = '<a href="http://wiki.internal:8080/x">';
const TRANSLATED = `<a href="https://${HOST}/x">`;

const answer =
  (body: string | Buffer, headers: HeaderList = [], status = 200): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type !== 'request') return;
    const all: HeaderList = [['Content-Type', 'text/html'], ...headers];
    reply({ type: 'response', exchange: frame.exchange, n: 0, status, headers: all, end: true }, Buffer.from(body));
  };

const rigWith = (behaviour: Behaviour, changes: Partial<Application> = {}) => {
  const rig = createRig();
  rig.applications.splice(0, 1, application({ translation: ON, ...changes }));
  rig.behaviours.set('tunnel-a=', behaviour);
  return rig;
};

describe('an answer whose links are translated', () => {
  test('says nothing of the bytes that the origin sent', async () => {
    const rig = rigWith(
      answer(PAGE, [
        ['Content-Length', String(PAGE.length)],
        ['ETag', '"v1"'],
        ['Content-MD5', 'x'],
        ['Digest', 'sha-256=x'],
        ['Repr-Digest', 'sha-256=:x:'],
        ['Accept-Ranges', 'bytes'],
      ]),
    );

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe(TRANSLATED);
    expect(response.headers).toEqual([
      ['Content-Type', 'text/html'],
      ['ETag', 'W/"v1"'],
      ['Accept-Ranges', 'none'],
    ]);
  });

  test('leaves packed where it came packed and the user takes it so, else plain', async () => {
    const rig = rigWith(answer(gzipSync(PAGE), [['Content-Encoding', 'gzip']]));

    const packed = await rig.ask({ headers: { 'Accept-Encoding': ['gzip, br, zz'] } });
    await packed.done;
    const plain = await rig.ask({ headers: { 'Accept-Encoding': ['br, gzip;q=0'] } });
    await plain.done;

    expect(packed.response.header('content-encoding')).toBe('gzip');
    expect(gunzipSync(packed.response.body()).toString()).toBe(TRANSLATED);
    expect(plain.response.header('content-encoding')).toBeNull();
    expect(plain.response.body().toString()).toBe(TRANSLATED);
    expect(rig.requests()[0]!.headers).toContainEqual(['Accept-Encoding', 'gzip, br']);
  });

  test.each<[string, HeaderList, number]>([
    ['a part of a page', [['Content-Range', 'bytes 0-9/100']], 206],
    ['a file to save', [['Content-Disposition', 'attachment; filename=x.html']], 200],
    ['another type', [['Content-Type', 'text/plain']], 200],
    [
      'two types',
      [
        ['Content-Type', 'text/html'],
        ['Content-Type', 'text/html'],
      ],
      200,
    ],
    ['an unknown coding', [['Content-Encoding', 'zz']], 200],
    ['codings of which one is unknown', [['Content-Encoding', 'gzip, zz']], 200],
  ])('%s passes as it is', async (_, headers, status) => {
    const rig = rigWith(answer(PAGE, [['ETag', '"v1"'], ...headers], status));
    if (headers.some(([name, value]) => name === 'Content-Type' && value === 'text/plain')) {
      rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
        if (frame.type === 'request')
          reply(
            { type: 'response', exchange: frame.exchange, n: 0, status, headers: [['ETag', '"v1"'], ...headers], end: true },
            Buffer.from(PAGE),
          );
      });
    }

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe(PAGE);
    expect(response.header('etag')).toBe('"v1"');
  });

  test('HEAD has the header fields of GET and no body', async () => {
    const rig = rigWith(
      answer('', [
        ['Content-Encoding', 'gzip'],
        ['Content-Length', '99'],
        ['ETag', '"v1"'],
      ]),
    );

    const { response } = await rig.ask({ httpMethod: 'HEAD', headers: { 'Accept-Encoding': ['gzip'] } });

    expect(response.headers).toEqual([
      ['Content-Type', 'text/html'],
      ['ETag', 'W/"v1"'],
      ['Accept-Ranges', 'none'],
      ['Content-Encoding', 'gzip'],
    ]);
    expect(response.body().length).toBe(0);
  });

  test('is found again by the validator that the user has of it', async () => {
    const rig = rigWith(answer('', [['ETag', '"v1"']], 304));

    const { response } = await rig.ask({ headers: { 'If-None-Match': ['W/"v1"'] } });

    expect(rig.requests()[0]!.headers).toContainEqual(['If-None-Match', 'W/"v1", "v1"']);
    expect(response.status).toBe(304);
    expect(response.header('etag')).toBe('W/"v1"');
  });

  test('style sheets and scripts in the page stay where the policy names their digests', async () => {
    const rig = rigWith(
      answer(`<script>"http://wiki.internal:8080/"</script>${PAGE}`, [
        ['Content-Security-Policy', "script-src 'sha256-x' http://wiki.internal:8080"],
      ]),
    );

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe(`<script>"http://wiki.internal:8080/"</script>${TRANSLATED}`);
    expect(response.header('content-security-policy')).toBe(`script-src 'sha256-x' https://${HOST}`);
  });
});

describe('what is switched off stays', () => {
  const fields: HeaderList = [
    ['Location', 'http://wiki.internal:8080/x'],
    ['Set-Cookie', 'a=1; Domain=wiki.internal'],
  ];

  test('header fields', async () => {
    const rig = rigWith(answer(PAGE, fields), { translation: { ...ON, headers: false } });

    const { response } = await rig.ask({ headers: { Referer: [`https://${HOST}/y`] } });

    expect(response.header('location')).toBe('http://wiki.internal:8080/x');
    expect(response.header('set-cookie')).toBe('a=1');
    expect(response.body().toString()).toBe(TRANSLATED);
    expect(rig.requests()[0]!.headers).toContainEqual(['Referer', `https://${HOST}/y`]);
  });

  test('links', async () => {
    const rig = rigWith(answer(PAGE, [...fields, ['ETag', '"v1"']]), { translation: { ...ON, links: 'off' } });

    const { response } = await rig.ask({ headers: { 'Accept-Encoding': ['zz'] } });

    expect(response.header('location')).toBe(`https://${HOST}/x`);
    expect(response.header('set-cookie')).toBe('a=1');
    expect(response.header('etag')).toBe('"v1"');
    expect(response.body().toString()).toBe(PAGE);
    expect(rig.requests()[0]!.headers).toContainEqual(['Accept-Encoding', 'zz']);
  });
});

describe('links that are only reported', () => {
  test('stay, and one log line tells of them, without queries', async () => {
    const rig = rigWith(answer(`${PAGE}<script>x="http://wiki.internal:8080/y?token=secret"</script>`, [['ETag', '"v1"']]), {
      translation: { headers: true, links: 'report', scripts: false },
    });

    const { response } = await rig.ask({ path: '/start', multiValueQueryStringParameters: { q: ['secret'] } });

    expect(response.body().toString()).toContain(PAGE);
    expect(response.header('etag')).toBe('"v1"');
    expect(rig.logged('links.found')).toMatchObject([
      {
        application: 'wiki',
        page: `${HOST}/start`,
        links: [{ target: 'http://wiki.internal:8080', published: 'wiki', count: 2, places: { markup: 1, scripts: 1 } }],
      },
    ]);
    expect(JSON.stringify(rig.logged('links.found'))).not.toContain('secret');
  });

  test('where there are none, nothing is logged', async () => {
    const rig = rigWith(answer('<a href="/x">'), { translation: { headers: true, links: 'report', scripts: false } });

    await rig.ask();

    expect(rig.logged('links.found')).toEqual([]);
  });
});

describe('the application is told of itself by the name it knows', () => {
  const headers = { Origin: [`https://${HOST}`], Referer: [`https://${HOST}/a?b`] };

  test('where Host is the internal one', async () => {
    const rig = rigWith(answer('', [['Access-Control-Allow-Origin', 'http://wiki.internal:8080']]));

    const { response } = await rig.ask({ httpMethod: 'POST', headers });

    const sent = rig.requests()[0]!.headers;
    expect(sent).toEqual(
      expect.arrayContaining([
        ['Host', 'wiki.internal:8080'],
        ['Origin', 'http://wiki.internal:8080'],
        ['Referer', 'http://wiki.internal:8080/a?b'],
      ]),
    );
    expect(response.header('access-control-allow-origin')).toBe(`https://${HOST}`);
  });

  test('and as the browser says where Host is the external one', async () => {
    const rig = rigWith(answer(''), { hostHeader: 'external' });

    await rig.ask({ headers });

    expect(rig.requests()[0]!.headers).toEqual(
      expect.arrayContaining([
        ['Host', HOST],
        ['Origin', `https://${HOST}`],
        ['Referer', `https://${HOST}/a?b`],
      ]),
    );
  });
});

test('who came by the alternate host stays there', async () => {
  const rig = createRig();
  const wiki = application({ translation: ON, alternateHost: 'wiki.example.com' });
  rig.applications.splice(0, 1, wiki, { ...wiki, host: 'wiki.example.com' });
  rig.behaviours.set('tunnel-a=', answer(PAGE, [['Location', 'http://wiki.internal:8080/z']]));
  const cookie = rig.signIn({ host: 'wiki.example.com' });

  const { response } = await rig.ask({ host: 'wiki.example.com', headers: { Cookie: [cookie] } });

  expect(response.body().toString()).toBe('<a href="https://wiki.example.com/x">');
  expect(response.header('location')).toBe('https://wiki.example.com/z');
});

test('a user who leaves in the middle of a packed page ends the exchange', async () => {
  const rig = rigWith(({ frame }, reply) => {
    if (frame.type !== 'request') return;
    const headers: HeaderList = [
      ['Content-Type', 'text/html'],
      ['Content-Encoding', 'gzip'],
    ];
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: false }, gzipSync(PAGE).subarray(0, 15));
  });
  const { response, done } = await rig.ask({ headers: { 'Accept-Encoding': ['gzip'] } });

  response.leave();
  await done;

  expect(rig.received.filter(({ frame }) => frame.type === 'cancel')).toHaveLength(1);
});
