import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

interface Visitor {
  readonly browser: Browser;
  readonly session: Session;
}

let world: World;
let here: Visitor;
let elsewhere: Visitor;
let bob: Visitor;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.idp.away = false;
  world.clock += 24 * 3_600_000;
  elsewhere = await visitor('alice');
  world.clock += 60_000;
  here = await visitor('alice');
  bob = await visitor('bob');
});

/** Signed in at the portal and at one application. */
const visitor = async (username: string): Promise<Visitor> => {
  world.idp.user = { sub: username, preferred_username: username, amr: ['pwd'] };
  const browser = new Browser();
  await browser.open(world.portalUrl);
  const session = (await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!)))!;
  const { device: _device, address: _address, idToken: _idToken, ...derived } = session;
  await world.sessions.create({ ...derived, id: `at-wiki-of-${session.id}`, host: 'wiki.apps.example.com' });
  return { browser, session };
};

const url = () => `${world.portalUrl}/sessions`;
const open = ({ browser }: Visitor) => browser.open(url());
const tokenIn = (text: string) => /name="token" value="([\w-]{43})"/.exec(text)?.[1] ?? '';
const post = async ({ browser }: Visitor, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  browser.open(url(), {
    until: (next) => next.startsWith(world.idp.issuer) || next.endsWith('/signed-out'),
    post: {
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: world.portalUrl,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    },
  });
/** Of each visitor: whether they are signed in at the portal and at the application. */
const state = () =>
  Promise.all(
    [here, elsewhere, bob].map(async ({ session }) =>
      (await Promise.all([session.id, `at-wiki-of-${session.id}`].map((id) => world.sessions.find(id)))).map(Boolean),
    ),
  );
const IN = [true, true];
const OUT = [false, false];

describe('the page of own sign-ins', () => {
  test('shows the user’s own, the latest first, with browser, time, address and what was opened', async () => {
    await world.sessions.create({ ...here.session, id: 'x', parent: 'x', device: 'Firefox on Linux', createdAt: world.clock - 90_000_000 });

    const { status, text } = await open(here);

    const shown = [...text.matchAll(/<h2>(.*?)<\/h2>\n<p>(.*?)<\/p>\n<p>(.*?)<\/p>/g)].map(([, ...parts]) =>
      parts.map((part) => part.replace(/<.*?>/g, '')),
    );
    expect(status).toBe(200);
    expect(shown.map(([name]) => name)).toEqual([
      'A browser that is not known This one',
      'A browser that is not known',
      'Firefox on Linux',
    ]);
    expect(shown[0]).toEqual([
      expect.anything(),
      expect.stringMatching(/^Signed in \d+ \w+ 20\d\d, \d\d:\d\d UTC from 192\.0\.2\.1, last used about /),
      'Opened wiki.apps.example.com',
    ]);
    expect(shown[2]![2]).toBe('No application opened');
    expect(text).not.toContain(bob.session.id);
    await world.sessions.revoke('x');
  });

  test('knows the browser by what it called itself when it signed in', async () => {
    const browser = new Browser({ 'user-agent': FIREFOX });

    await browser.open(world.portalUrl);

    expect((await browser.open(url())).text).toContain('<h2>Firefox on Linux <span class="mark">This one</span></h2>');
  });

  test('changes nothing by being opened, whatever its address says', async () => {
    const { status } = await here.browser.open(`${url()}?session=${elsewhere.session.id}`);

    expect(status).toBe(200);
    expect(await state()).toEqual([IN, IN, IN]);
  });
});

describe('ending a sign-in', () => {
  test('ends it at the portal and at the applications, and no other', async () => {
    const token = tokenIn((await open(here)).text);

    const { status, url: at, text } = await post(here, { token, session: elsewhere.session.id });

    expect([status, at]).toEqual([200, url()]);
    expect(text).not.toContain(elsewhere.session.id);
    expect(await state()).toEqual([IN, OUT, IN]);
  });

  test('ends this one as signing out does, at the provider too', async () => {
    const token = tokenIn((await open(here)).text);

    const { url: at } = await post(here, { token, session: here.session.id });

    expect(at).toMatch(new RegExp(`^${world.idp.issuer}`));
    expect(here.browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
    expect(await state()).toEqual([OUT, IN, IN]);
  });

  test('ends everywhere at once, for this user', async () => {
    const token = tokenIn((await open(here)).text);

    await post(here, { token, session: 'all' });

    expect(await state()).toEqual([OUT, OUT, IN]);
  });

  test('is answered to who has no session by asking to sign in, and ends nothing', async () => {
    const { url: at } = await post({ ...here, browser: new Browser() }, { token: '', session: elsewhere.session.id });

    expect(at).toMatch(new RegExp(`^${world.idp.issuer}`));
    expect(await state()).toEqual([IN, IN, IN]);
  });
});

describe('an attack', () => {
  test.each([
    ['another user’s sign-in', () => bob.session.id],
    ['another user’s session at an application', () => `at-wiki-of-${bob.session.id}`],
    ['one that there never was', () => digest('guess')],
    ['nothing', () => ''],
  ])('with the id of %s is answered alike, and ends nothing', async (_, session) => {
    const token = tokenIn((await open(here)).text);

    const { status, text } = await post(here, { token, session: session() });

    expect([status, text.includes('ERR_SESSION_UNKNOWN')]).toEqual([404, true]);
    expect(await state()).toEqual([IN, IN, IN]);
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['another origin, in a browser that says no more', { origin: 'https://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
  ])('by a form of %s is refused', async (_, headers) => {
    const token = tokenIn((await open(here)).text);

    const { status, text } = await post(here, { token, session: 'all' }, headers);

    expect([status, text.includes('ERR_REQUEST_INVALID')]).toEqual([400, true]);
    expect(await state()).toEqual([IN, IN, IN]);
  });

  test.each([
    ['no token', async () => ''],
    ['another user’s token', async () => tokenIn((await open(bob)).text)],
    ['the token of another form', async () => tokenIn((await here.browser.open(`${world.portalUrl}/sign-out`)).text)],
  ])('with %s is refused', async (_, token) => {
    const { status } = await post(here, { token: await token(), session: 'all' });

    expect(status).toBe(400);
    expect(await state()).toEqual([IN, IN, IN]);
  });
});
