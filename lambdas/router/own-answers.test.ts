// Every answer of the router's own: what it says to a browser, that no other site can bring anything about by it, and that of secrets
// that are not good it is not told why. What there is, is read from the code: a new one must be told of here.
import { describe, expect, test } from '@jest/globals';
import { read } from '../../test/support/files.ts';
import { digest } from '../keys.ts';
import { faultsOf } from '../pages/testing/own-answer.ts';
import { SIGN_IN_COOKIE } from './cookies.ts';
import { PAGES } from './reserved.ts';
import { application, type EventChanges, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';
import { beginning, playUploads } from './testing/uploads.ts';

const TOKENS = { header: 'Authorization', audience: 'api://wiki', scopes: [], services: true };
const PAGE_LOAD = { Accept: ['text/html'], 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['document'] };
const SECRET = 's'.repeat(43);
type Rig = ReturnType<typeof createRig>;

const publish = (rig: Rig, changes: Parameters<typeof application>[0]) => {
  rig.applications[0] = { ...application(changes), callers: [] };
};
const ask = async (rig: Rig, changes: EventChanges) => {
  const response = await rig.answer(changes);
  return { status: response.status, headers: Object.fromEntries(response.headers), text: response.body().toString() };
};

/** By the name that the log gives it: what it takes to get one. */
const ANSWERS: Readonly<Record<string, (rig: Rig) => EventChanges>> = {
  reserved: () => ({ path: '/.sallyport/signed-in', headers: PAGE_LOAD }),
  robots: () => ({ path: '/robots.txt' }),
  'resource-metadata': (rig) => {
    publish(rig, { tokens: TOKENS });
    return { path: '/.well-known/oauth-protected-resource' };
  },
  aside: (rig) => {
    publish(rig, { path: '/docs/' });
    return { path: '/sw.js', headers: { 'Service-Worker': ['script'] } };
  },
  preflight: (rig) => {
    publish(rig, {
      cors: [{ path: '/', origins: ['https://other.example.com'], methods: ['GET'], headers: [], credentials: false, maxAgeSeconds: 5 }],
    });
    return { httpMethod: 'OPTIONS', headers: { Origin: ['https://other.example.com'], 'Access-Control-Request-Method': ['GET'] } };
  },
  slash: (rig) => {
    publish(rig, { path: '/docs/' });
    return { path: '/docs' };
  },
  'sign-in': () => ({ headers: PAGE_LOAD }),
  'step-up': (rig) => {
    publish(rig, { conditions: [{ name: 'Two factors', paths: [], methods: [], require: { mfa: true }, refuse: null }] });
    return { headers: { ...PAGE_LOAD, Cookie: [rig.signIn()] } };
  },
  'upload-abilities': () => ({ httpMethod: 'OPTIONS', path: '/.sallyport/uploads' }),
  upload: (rig) => {
    publish(rig, { bigUploads: 'on' });
    rig.behaviours.set('tunnel-a=', playUploads().behaviour);
    return beginning(rig.signIn());
  },
  socket: (rig) => {
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) =>
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 101, headers: [], end: true }),
    );
    return {
      ...{ path: '/.sallyport/socket', httpMethod: 'POST', body: JSON.stringify({ url: `wss://${HOST}/live` }) },
      headers: { 'Content-Type': ['application/json'], Cookie: [rig.signIn()] },
    };
  },
  maintenance: (rig) => {
    publish(rig, { maintenance: 'Back soon.' });
    return { headers: { ...PAGE_LOAD, Cookie: [rig.signIn()] } };
  },
};
const LASTING = new Set(['robots', 'resource-metadata']);

describe('what an answer says to the browser', () => {
  test('is told of every kind of answer that there is', () => {
    const code = ['router', 'wanted', 'own-path'].map((file) => read(`lambdas/router/${file}.ts`)).join('');
    const kinds = [...code.matchAll(/\b(?:own\(|what: )'([\w-]+)'/g)].map(([, kind]) => kind!);

    expect([...new Set(kinds)].sort()).toEqual(Object.keys(ANSWERS).sort());
  });

  test.each(Object.entries(ANSWERS))('%s', async (kind, prepare) => {
    const rig = createRig();

    const { headers } = await ask(rig, prepare(rig));

    expect(rig.logged('request.answered').at(-1)?.answer).toBe(kind);
    expect(faultsOf(headers, { lasting: LASTING.has(kind) })).toEqual([]);
  });

  test.each<[string, EventChanges]>([
    [
      'a page that keeps a form',
      {
        httpMethod: 'POST',
        headers: { ...PAGE_LOAD, 'Sec-Fetch-Site': ['same-origin'], 'Content-Type': ['application/x-www-form-urlencoded'] },
      },
    ],
    ['an error as a page', { path: '/../x', headers: PAGE_LOAD }],
    ['an error as a problem', { path: '/../x' }],
    ['an unknown host', { host: 'nothing.apps.example.com', headers: PAGE_LOAD }],
    ['a program without a session', {}],
    ['a header that cannot be read', { headers: { 'X-Bad': ['a\u0000b'], ...PAGE_LOAD } }],
  ])('%s', async (_, changes) => {
    expect(faultsOf((await ask(createRig(), changes)).headers)).toEqual([]);
  });
});

describe('what another site brings about on our own paths', () => {
  const SITE = { ...PAGE_LOAD, 'Sec-Fetch-Site': ['cross-site'], Origin: ['https://elsewhere.example'] };
  const THERE = '/.sallyport/';

  test.each(Object.keys(PAGES).flatMap((path) => ['GET', 'POST'].map((method) => [method, path] as const)))(
    '%s %s: no session begins, and none ends',
    async (method, path) => {
      const rig = createRig();
      const signedIn = rig.signIn();
      const before = rig.sessions.size;

      const { headers } = await ask(rig, {
        ...{ path, httpMethod: method, headers: { ...SITE, Cookie: [signedIn] } },
        multiValueQueryStringParameters: { code: ['c'.repeat(43)], to: ['https://elsewhere.example/'] },
      });

      expect(path.startsWith(THERE)).toBe(true);
      expect(rig.sessions.size).toBe(before);
      expect(String(headers['Set-Cookie'] ?? '')).not.toContain('sallyport-session');
      expect(faultsOf(headers, { lasting: path.endsWith('.js') })).toEqual([]);
    },
  );
});

describe('what is not good is not told why', () => {
  const told = async (rig: Rig, changes: EventChanges) => {
    const { status, headers, text } = await ask(rig, changes);
    return { status, headers, text: text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME') };
  };
  const token = (name: string, applications: string[], expiresAt = Number.MAX_SAFE_INTEGER) => ({
    ...{ id: digest(SECRET), name, applications, createdAt: 0, expiresAt, createdBy: 'ada' },
  });
  const bearer = { headers: { Authorization: [`Bearer sallyport_${SECRET}`] } };

  test('a service token that nobody has, and one that is for another application', async () => {
    const answers = [];
    for (const known of [null, token('robot', ['other'])]) {
      const rig = createRig();
      publish(rig, { tokens: { ...TOKENS, audience: null } });
      if (known !== null) rig.serviceTokens.set(known.id, known);
      answers.push(await told(rig, bearer));
    }

    expect(answers[0]!.status).toBe(401);
    expect(answers[1]).toEqual(answers[0]);
  });

  // One of another browser leads to the application, which asks to sign in: lambdas/router/sign-in.test.ts.
  test('a sign-in code that nobody has, that is for another host, or has expired', async () => {
    const browser = 'b'.repeat(43);
    const code = (changes: object) => ({
      ...{
        id: digest(SECRET),
        parent: 'p',
        host: HOST,
        challenge: digest(browser),
        returnHost: HOST,
        returnTo: '/',
        visits: [],
        visited: 0,
      },
      ...{ expiresAt: Number.MAX_SAFE_INTEGER, ...changes },
    });
    const answers = [];
    for (const changes of [null, { host: 'hr.apps.example.com' }, { expiresAt: 0 }, {}]) {
      const rig = createRig();
      if (changes !== null) rig.codes.set(digest(SECRET), code(changes));
      answers.push(
        await told(rig, {
          ...{ path: '/.sallyport/session', multiValueQueryStringParameters: { code: [SECRET] } },
          headers: { Cookie: [`${SIGN_IN_COOKIE}=${browser}`] },
        }),
      );
    }

    expect(answers[0]!.status).toBe(400);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  test('a host without an application, and a path without one, whoever asks', async () => {
    const rig = createRig();
    publish(rig, { path: '/docs/' });
    const cookie = { Cookie: [rig.signIn()] };

    const answers = [
      await told(rig, { host: 'nothing.apps.example.com' }),
      await told(rig, { host: 'nothing.apps.example.com', headers: cookie }),
      await told(rig, { path: '/elsewhere' }),
    ];

    expect(answers[0]!.status).toBe(404);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });
});
