// The script of an application's service worker: what a browser gets for it with a session and without.
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const SCRIPT = { 'Service-Worker': ['script'], 'Sec-Fetch-Dest': ['serviceworker'], 'Sec-Fetch-Mode': ['same-origin'], Accept: ['*/*'] };

const createOrigin = (headers: HeaderList = [['Content-Type', 'text/javascript']], changes: Parameters<typeof application>[0] = {}) => {
  const rig = createRig();
  rig.applications[0] = application(changes);
  rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
    if (frame.type !== 'request') return;
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true }, Buffer.from('work()'));
  });
  const ask = (asked: Record<string, string[]> = {}, path = '/sw.js') => rig.answer({ path, headers: { ...SCRIPT, ...asked } });
  return { rig, ask };
};

describe('without a session a worker’s script is a worker that steps aside', () => {
  const isAside = async (answer: ReturnType<ReturnType<typeof createOrigin>['ask']>) => {
    const { status, body, header } = await answer;
    return status === 200 && body().toString() === '/* aside */' && header('Service-Worker-Allowed') === '/';
  };

  test('whatever its path: it never reaches the application, and no store keeps it', async () => {
    const { rig, ask } = createOrigin();

    const answer = await ask();

    expect(await isAside(Promise.resolve(answer))).toBe(true);
    expect([answer.header('Content-Type'), answer.header('Cache-Control')]).toEqual(['text/javascript; charset=utf-8', 'no-store']);
    expect(rig.requests()).toEqual([]);
  });

  test('and where a condition asks for more than the session has', async () => {
    const conditions = [{ name: 'Two factors', paths: [], methods: [], require: { mfa: true as const }, refuse: null }];
    const { rig, ask } = createOrigin(undefined, { conditions });

    expect(await isAside(ask({ Cookie: [rig.signIn()] }))).toBe(true);
  });

  test('and where it is from before we were at the host, at a path that is not published', async () => {
    const { ask } = createOrigin(undefined, { path: '/app/' });

    expect([await isAside(ask()), await isAside(ask({}, '/app/sw.js')), (await ask({}, '/.sallyport/nothing')).status]).toEqual([
      true,
      true,
      404,
    ]);
  });

  test.each<[string, Record<string, string[]>, Parameters<typeof application>[0], number]>([
    ['any other script', { 'Service-Worker': [] }, {}, 401],
    ['one of an application that lets everyone pass', {}, { preAuthentication: 'pass-through' }, 200],
  ])('but not %s', async (_, headers, changes, status) => {
    const { ask } = createOrigin(undefined, changes);

    const answer = await ask(headers);

    expect([answer.status, answer.body().toString()]).not.toContain('/* aside */');
    expect(answer.status).toBe(status);
  });

  test('nor at a host that is none of ours', async () => {
    const { rig } = createOrigin();

    expect((await rig.answer({ host: 'nothing.apps.example.com', headers: SCRIPT })).status).toBe(404);
  });
});

describe('with a session', () => {
  test('our part stands before it, and the origin is asked for the whole', async () => {
    const { rig, ask } = createOrigin(
      [
        ['Content-Type', 'text/javascript'],
        ['ETag', '"a"'],
      ],
      { webSockets: { pages: 'off', maxAgeMs: 1, idleMs: 1 } },
    );

    const answer = await ask({ Cookie: [rig.signIn()], 'If-None-Match': ['"a"'], 'If-Modified-Since': ['Mon, 30 Nov 2026 00:00:00 GMT'] });

    expect(answer.body().toString()).toBe('/* worker */;\nwork()');
    expect(answer.header('ETag')).toBe('W/"a"');
    expect(rig.requests()[0]!.headers.filter(([name]) => /^if-/i.test(name))).toEqual([]);
  });

  test('that of WebSockets comes after it', async () => {
    const { rig, ask } = createOrigin(undefined, { webSockets: { pages: 'on', maxAgeMs: 1, idleMs: 1 } });

    expect((await ask({ Cookie: [rig.signIn()] })).body().toString()).toBe('/* worker */;/* script */;\nwork()');
  });
});

describe('a page that could ask for something when its session has ended', () => {
  const page = async (changes: Parameters<typeof application>[0], html = '<html><head><script>go()</script></head></html>') => {
    const rig = createRig();
    rig.applications[0] = application({ webSockets: { pages: 'off', maxAgeMs: 1, idleMs: 1 }, ...changes });
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type !== 'request') return;
      const headers: HeaderList = [
        ['Content-Type', 'text/html'],
        ['Content-Security-Policy', "default-src 'none'"],
      ];
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true }, Buffer.from(html));
    });
    const answer = await rig.answer({ headers: { Cookie: [rig.signIn()], 'Sec-Fetch-Dest': ['document'] } });
    return { html: answer.body().toString(), policy: answer.header('Content-Security-Policy') };
  };

  test.each(['offer', 'at-once'] as const)('gets the script of its setting: %s', async (signInAgain) => {
    const path = `/.sallyport/sign-in-${signInAgain === 'offer' ? 'offered' : 'at-once'}.js`;

    const { html, policy } = await page({ signInAgain });

    expect(html).toContain(`<head><script src="${path}"></script><script>go()`);
    expect(policy).toBe(`default-src 'none'; script-src https://wiki.apps.example.com${path}`);
  });

  test.each<[string, Parameters<typeof application>[0], string | undefined]>([
    ['it is off', { signInAgain: 'off' }, undefined],
    ['everyone may pass', { preAuthentication: 'pass-through' }, undefined],
    ['it runs no script', {}, '<html><head></head><p>Read only</p></html>'],
  ])('gets none where %s', async (_, changes, html) => {
    expect((await page(changes, html)).html).not.toContain('/.sallyport/');
  });
});
