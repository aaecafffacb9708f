import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { withResolvers } from '../../clock.ts';
import { codeOf, FORM, formApplication, OWNER, PAGE, playing, type Said, seal, textOf } from './testing/played-application.ts';

const HTML = ['Content-Type', 'text/html'] as const;

test('a user is signed in by the page, with its token, cookie and preset fields; the request then goes on as theirs', async () => {
  const { ask, heard } = playing(formApplication().answer);
  const sealed = await seal({});

  const answer = await ask({ sealed, form: FORM }, { path: '/page' });

  expect(await textOf(answer)).toBe('alice by GET');
  expect(answer.headers).toEqual([HTML]);
  expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /login',
    'POST /session?lang=en&x=1',
    'GET /home',
    'GET /page',
  ]);
  expect(heard[1]).toMatchObject({ body: 'csrf=t%26k1&user=alice&pass=of+alice&stay=1&go=in', cookie: 'before=1' });
  expect(heard[1]!.fields).toEqual(
    expect.arrayContaining([
      ['Host', 'wiki.corp'],
      ['Origin', 'http://wiki.corp'],
      ['Referer', 'http://wiki.corp/login'],
    ]),
  );
});

test.each<[string, (page: string) => Buffer]>([
  ['gzip', gzipSync],
  ['deflate', deflateRawSync],
  ['none', Buffer.from],
])('a page in a coding that was not asked for is read all the same (%s)', async (coding, pack) => {
  const application = formApplication().answer;
  const packed = async function* (page: string) {
    yield pack(page);
  };
  const { ask } = playing((heard) => {
    const said = application(heard);
    if (heard.path !== '/login') return said;
    return { ...said, headers: [...said.headers!, ['Content-Encoding', coding]], body: packed(said.body as string) };
  });

  expect(await textOf(await ask({ sealed: await seal({}), form: FORM }, { path: '/page' }))).toBe('alice by GET');
});

test('a landing page that the user may not see is no refusal of their password', async () => {
  const { ask } = playing(formApplication(({ path }) => (path === '/home' ? { status: 403, body: 'Not for you' } : null)).answer);

  expect(await textOf(await ask({ sealed: await seal({}), form: FORM }, { path: '/page' }))).toBe('alice by GET');
});

test('a session signs in once, also when a page asks for twenty things at once', async () => {
  const { ask, attempts } = playing(formApplication().answer);
  const sealed = await seal({});

  const texts = await Promise.all(Array.from({ length: 20 }, async () => textOf(await ask({ sealed, form: FORM }))));

  expect(new Set(texts)).toEqual(new Set(['alice by GET']));
  expect(attempts()).toBe(1);
});

describe('cookies', () => {
  test('of the application never reach the browser, and those that it has of an earlier user never reach the application', async () => {
    const { ask, heard } = playing(formApplication().answer);
    const sealed = await seal({});

    const answer = await ask(
      { sealed, form: FORM },
      {
        headers: [
          ['Host', 'wiki.corp'],
          ['Cookie', 'sid=s9; theme=dark'],
        ],
      },
    );

    expect(answer.headers.filter(([name]) => name === 'Set-Cookie')).toEqual([]);
    expect(heard.at(-1)!.cookie).toBe('before=1; sid=s1; seen=1; theme=dark');
    expect(heard[0]!.cookie).toBeUndefined();
  });

  test('of one session are no other’s: not another user’s, not the same user’s in another browser', async () => {
    const { ask, heard } = playing(formApplication().answer);
    const [alice, bob] = [await seal({ owner: OWNER('alice') }), await seal({ owner: OWNER('bob'), username: 'bob', password: 'of bob' })];
    const visits = [
      { sealed: alice, owner: OWNER('alice'), session: 'a' },
      { sealed: bob, owner: OWNER('bob'), session: 'b' },
      { sealed: alice, owner: OWNER('alice'), session: 'c' },
    ];

    const texts = await Promise.all([...visits, ...visits].map(async (visit) => textOf(await ask({ ...visit, form: FORM }))));

    expect(texts).toEqual(['alice by GET', 'bob by GET', 'alice by GET', 'alice by GET', 'bob by GET', 'alice by GET']);
    expect(new Set(heard.filter(({ path }) => path === '/').map(({ cookie }) => /sid=\w+/.exec(cookie!)![0])).size).toBe(3);
  });

  test('are no more after half an hour without use', async () => {
    const { ask, attempts, clock } = playing(formApplication().answer);
    const sealed = await seal({});
    await ask({ sealed, form: FORM });
    await clock.pass(30 * 60_000);

    await ask({ sealed, form: FORM });

    expect(attempts()).toBe(2);
  });
});

describe('a session that the application has ended', () => {
  const shows: Record<string, Said> = {
    'a redirect to the sign-in page': { status: 302, headers: [['Location', 'http://wiki.corp/login?next=x']] },
    'the sign-in page itself': { status: 200, headers: [HTML], body: PAGE },
    'a refusal with the form': { status: 403, headers: [['content-type', 'text/html; charset=utf-8']], body: `No. ${PAGE}` },
    'a 401': { status: 401 },
  };

  test.each(Object.entries(shows))('told by %s: the user is signed in anew, once, and the request made again', async (_, said) => {
    let over = false;
    const { ask, attempts, heard } = playing(
      formApplication(({ path, cookie = '' }) => (over && path === '/page' && cookie.includes('sid=s1') ? said : null)).answer,
    );
    const sealed = await seal({});
    await ask({ sealed, form: FORM }, { path: '/page' });
    over = true;

    const answers = await Promise.all(
      ['POST', 'GET', 'GET'].map((method) =>
        ask({ sealed, form: FORM }, { method, path: '/page', body: method === 'POST' ? Buffer.from('kept') : null }),
      ),
    );

    expect(await Promise.all(answers.map(textOf))).toEqual(['alice by POST', 'alice by GET', 'alice by GET']);
    expect(attempts()).toBe(2);
    expect(heard.filter(({ method, path }) => method === 'POST' && path === '/page').map(({ body }) => body)).toEqual(['kept', 'kept']);
  });

  test('an application that shows its form to whoever is signed in is asked twice and no more', async () => {
    const { ask, attempts } = playing(formApplication(({ path }) => (path === '/page' ? shows['the sign-in page itself']! : null)).answer);
    const sealed = await seal({});

    expect(await textOf(await ask({ sealed, form: FORM }, { path: '/page' }))).toBe(PAGE);
    expect(attempts()).toBe(2);
  });

  test('a page with other password fields is none, and comes whole, however long it is', async () => {
    const body = `<form><input name=old><input type=password name=new></form>${'x'.repeat(300_000)}`;
    const { ask, attempts } = playing(
      formApplication(({ path }) => (path === '/profile' ? { status: 200, headers: [HTML], body } : null)).answer,
    );
    const sealed = await seal({});

    expect(await textOf(await ask({ sealed, form: FORM }, { path: '/profile' }))).toBe(body);
    expect(attempts()).toBe(1);
  });
});

describe('a wrong password', () => {
  test('is sent once: not again by the page’s other requests, by another session, or later', async () => {
    const { ask, attempts, heard } = playing(formApplication().answer);
    const sealed = await seal({ password: 'wrong' });

    const codes = await Promise.all(['a', 'a', 'b', 'c'].map((session) => codeOf(ask({ sealed, session, form: FORM }))));
    const later = await codeOf(ask({ sealed, form: FORM }));

    expect(new Set([...codes, later])).toEqual(new Set(['ERR_CREDENTIALS_REFUSED']));
    expect(attempts()).toBe(1);
    expect(heard.some(({ path }) => path === '/')).toBe(false);
    expect(await textOf(await ask({ sealed: await seal({}), form: FORM }))).toBe('alice by GET');
  });

  test.each<[string, Partial<typeof FORM>, Said]>([
    ['by a status', {}, { status: 403, body: 'no' }],
    ['by what the page says', { failure: 'locked|wrong' }, { status: 200, body: 'Sorry, wrong.', headers: [['Set-Cookie', 'a=1']] }],
    ['by what the page lacks', { success: 'Welcome \\w+' }, { status: 200, body: 'Hello', headers: [['Set-Cookie', 'a=1']] }],
  ])('is told %s', async (_, form, said) => {
    const { ask } = playing(formApplication(({ path }) => (path.startsWith('/session') ? said : null)).answer);

    expect(await codeOf(ask({ sealed: await seal({}), form: { ...FORM, ...form } }))).toBe('ERR_CREDENTIALS_REFUSED');
  });
});

describe('the password goes nowhere but to the origin, in a body, once', () => {
  const page = (form: string): Said => ({ status: 200, headers: [HTML], body: PAGE.replace(/<form[^>]*>/, form) });

  test.each<[string, string, Said]>([
    ['a form for another origin', '/login', page('<form method=post action="https://evil.example/session">')],
    ['a base elsewhere', '/login', page('<base href="https://evil.example/"><form method=post action="session">')],
    ['a form that puts it into the address', '/login', page('<form action="/session">')],
    ['a form that a script sends', '/login', page('<form method=post action="javascript:send()">')],
    ['a form as a file', '/login', page('<form method=post enctype="multipart/form-data">')],
    ['a page without a form', '/login', { status: 200, headers: [HTML], body: 'Closed' }],
    ['a sign-in page elsewhere', '/login', { status: 302, headers: [['Location', 'https://evil.example/login']] }],
    ['a redirect that would send it again', '/session?lang=en&x=1', { status: 307, headers: [['Location', '/elsewhere']] }],
    ['an application that is out of order', '/session?lang=en&x=1', { status: 500 }],
    ['a sign-in that sets no cookie', '/session?lang=en&x=1', { status: 200, headers: [['Set-Cookie', 'before=; Max-Age=0; Path=/']] }],
    ['redirects without end', '/home', { status: 302, headers: [['Location', '/home']] }],
  ])('%s', async (_, path, said) => {
    const { ask, heard, attempts } = playing(formApplication((asked) => (asked.path === path ? said : null)).answer);

    expect(await codeOf(ask({ sealed: await seal({}), form: FORM }))).toBe('ERR_SIGN_IN_FORM');
    expect(attempts()).toBe(path === '/login' ? 0 : 1);
    expect(heard.some((asked) => asked.path.includes('of+alice') || asked.path.includes('elsewhere'))).toBe(false);
  });

  test('a redirect of the sign-in to another origin is not followed', async () => {
    const { ask, heard } = playing(
      formApplication(({ path, cookie = '' }) => {
        if (path.startsWith('/session'))
          return {
            status: 302,
            headers: [
              ['Location', 'https://evil.example/'],
              ['Set-Cookie', 'sid=x'],
            ],
          };
        return cookie.includes('sid=x') ? { status: 200, body: 'in' } : null;
      }).answer,
    );

    expect(await textOf(await ask({ sealed: await seal({}), form: FORM }, { path: '/inside' }))).toBe('in');
    expect(heard.map(({ path }) => path)).toEqual(['/login', '/session?lang=en&x=1', '/inside']);
  });

  test('an application that is told its external name may call itself so', async () => {
    const { ask, heard } = playing(
      formApplication(({ path }) =>
        path === '/login' ? { status: 302, headers: [['Location', 'https://wiki.apps.example.com/signin']] } : null,
      ).answer,
    );
    const headers = [['Host', 'wiki.apps.example.com']] as const;

    await codeOf(ask({ sealed: await seal({}), form: FORM }, { headers }));

    expect(heard[1]!.path).toBe('/signin');
  });
});

describe('a sign-in that fails when the password has left', () => {
  test.each<[string, () => Said]>([
    ['because the application is out of order', () => ({ status: 500 })],
    ['because it says so in its own way', () => ({ status: 404, body: 'no' })],
    [
      'because it cannot be reached',
      () => {
        throw Object.assign(new Error('gone'), { code: 'ERR_SIGN_IN_FORM' });
      },
    ],
  ])('%s is not repeated by the next requests, and is after a minute', async (_, said) => {
    let broken = true;
    const { ask, attempts, clock } = playing(formApplication(({ path }) => (broken && path.startsWith('/session') ? said() : null)).answer);
    const sealed = await seal({});

    const codes = [];
    for (const session of ['a', 'a', 'b', 'c']) codes.push(await codeOf(ask({ sealed, session, form: FORM })));
    const before = attempts();
    broken = false;
    await clock.pass(60_000);

    expect(new Set(codes)).toEqual(new Set(['ERR_SIGN_IN_FORM']));
    expect(before).toBe(1);
    expect(await textOf(await ask({ sealed, form: FORM }))).toBe('alice by GET');
  });
});

test('fifty users in two thousand requests at once, while the application ends sessions: each is seen as themselves alone', async () => {
  const people = Array.from({ length: 50 }, (_, index) => `user${index}`);
  const sessions = new Map<string, string>();
  let made = 0;
  let asked = 0;
  const { ask, heard } = playing(({ path, cookie = '', body }) => {
    if (path === '/login') return { status: 200, headers: [HTML], body: PAGE };
    if (path.startsWith('/session')) {
      made += 1;
      sessions.set(`sid=s${made}`, new URLSearchParams(body).get('user')!);
      return {
        status: 303,
        headers: [
          ['Location', '/home'],
          ['Set-Cookie', `sid=s${made}; Path=/`],
        ],
      };
    }
    if (path === '/home') return { status: 200 };
    asked += 1;
    // Sessions end in the middle of it.
    if (asked % 97 === 0) sessions.delete(cookie);
    const known = sessions.get(cookie);
    return known === undefined ? { status: 401 } : { status: 200, body: known };
  });
  const sealed = await Promise.all(people.map((username) => seal({ owner: OWNER(username), username, password: 'pass' })));

  const wanted = Array.from({ length: 2_000 }, (_, index) => (index * 7) % people.length);
  const answers = await Promise.all(
    wanted.map(async (who) =>
      textOf(await ask({ sealed: sealed[who]!, owner: OWNER(people[who]!), session: people[who]!, form: FORM }, { path: '/page' })),
    ),
  );

  // One whose session ended twice in a row reads the application's refusal: nobody reads another's page.
  const wrong = answers.filter((text, index) => text !== people[wanted[index]!] && text !== '');
  expect(wrong).toEqual([]);
  expect(answers.filter((text) => text === '').length).toBeLessThan(40);
  expect(heard.filter(({ path }) => path === '/login').length).toBeLessThan(150);
});

test('a page that comes slowly is passed on as it comes', async () => {
  const { answer } = formApplication();
  const [rest, begun] = [withResolvers<void>(), withResolvers<void>()];
  const sealed = await seal({});
  const { ask, clock } = playing((heard) => {
    const said = answer(heard);
    if (heard.path !== '/slow') return said;
    return {
      ...said,
      body: (async function* () {
        yield Buffer.from('<p>first');
        begun.resolve();
        await rest.promise;
        yield Buffer.from(' and last');
      })(),
    };
  });
  await ask({ sealed, form: FORM });

  const coming = ask({ sealed, form: FORM }, { path: '/slow' });
  await begun.promise;
  await clock.pass(2_000);
  const got = await coming;
  rest.resolve();

  expect(await textOf(got)).toBe('<p>first and last');
});

test('a sign-in that never ends is given up after 30 seconds, for whoever waits for it, and the next one may try', async () => {
  const reached = withResolvers<void>();
  let hangs = true;
  const { answer } = formApplication();
  const { ask, clock } = playing((heard) => {
    if (!hangs || heard.path !== '/login') return answer(heard);
    reached.resolve();
    return new Promise<Said>(() => undefined);
  });
  const sealed = await seal({});
  const waiting = codeOf(ask({ sealed, form: FORM }));
  await reached.promise;
  await clock.pass(30_000);
  hangs = false;

  expect(await waiting).toBe('ERR_ORIGIN_TIMEOUT');
  expect(await textOf(await ask({ sealed, form: FORM }))).toBe('alice by GET');
});
