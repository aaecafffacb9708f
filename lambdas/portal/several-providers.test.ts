// Several identity providers at one portal: who is asked, who is sent where, and what one provider cannot do to another's users.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import { application } from '../stores/testing/application.ts';
import { BROWSER_COOKIE, PORTAL_COOKIE, PROVIDER_COOKIE } from './cookies.ts';
import { Browser, type Landing } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

const wiki = application({ access: { users: ['alice@a.example'], groups: ['a:staff'] } });
const alice = { sub: '1', preferred_username: 'alice@a.example', name: 'Alice', email: 'alice@a.example', groups: ['staff'], amr: ['pwd'] };
const bob = { ...alice, preferred_username: 'bob@b.example', name: 'Bob', email: 'bob@b.example' };
const CHALLENGE = 'c'.repeat(43);

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld({ emailDomains: { a: ['a.example', 'a.test'], b: ['b.example'] } });
});
afterAll(() => world.close());
beforeEach(() => {
  browser = new Browser();
  world.applications = [wiki];
  for (const [index, user] of [alice, bob].entries()) {
    world.idps[index]!.user = user;
    world.idps[index]!.away = false;
  }
});

const to = () => `http://wiki.apps.example.com:${new URL(world.portalUrl).port}/page?x=1`;
const signIn = (further = '') => `${world.portalUrl}/sign-in?challenge=${CHALLENGE}${further}&to=${encodeURIComponent(to())}`;
const atProvider = (index: number) => (url: string) => url.startsWith(`${world.idps[index]!.issuer}/`);
const atSomeProvider = (url: string) => atProvider(0)(url) || atProvider(1)(url);
const atApplication = (url: string) => url.startsWith('http://wiki.apps.example.com');
const providerAt = (url: string) => world.idps.findIndex(({ issuer }) => url.startsWith(`${issuer}/`));
const field = (page: Landing, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)![1]!.replaceAll('&amp;', '&');
/** Sends the page's form as it is, with what was chosen. */
const choose = (page: Landing, chosen: Record<string, string>, until: (url: string) => boolean, headers: Record<string, string> = {}) =>
  browser.open(`${world.portalUrl}/sign-in`, {
    until,
    post: {
      body: String(new URLSearchParams({ token: field(page, 'token'), asked: field(page, 'asked'), ...chosen })),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: world.portalUrl,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    },
  });
const session = async () => {
  const secret = browser.cookie(world.portalUrl, PORTAL_COOKIE);
  return secret === undefined ? null : world.sessions.find(digest(secret));
};
const signInAt = async (provider: string) => choose(await browser.open(signIn()), { provider }, atApplication);

describe('a user whom nothing tells about', () => {
  test('is asked, without a script, and the answer leads to the application', async () => {
    const page = await browser.open(signIn());
    const end = await choose(page, { provider: 'b' }, atApplication);

    expect([page.status, page.text.includes('<h1>How do you sign in?</h1>'), page.text.includes('<script')]).toEqual([200, true, false]);
    expect(page.text).toContain('>Sign-in of a</button>');
    expect(new URL(end.url).pathname).toBe('/.sallyport/session');
    expect((await session())?.user).toMatchObject({ username: 'bob@b.example', issuer: world.idps[1]!.issuer, groups: ['b:staff'] });
  });

  test.each([
    ['Bob@B.example', 1],
    [' alice@a.test ', 0],
  ])('is sent by the domain of %p, which goes along', async (email, expected) => {
    const { url } = await choose(await browser.open(signIn()), { email }, atSomeProvider);

    expect([providerAt(url), new URL(url).searchParams.get('login_hint')]).toEqual([expected, email.trim()]);
  });

  test.each(['eve@c.example', 'bob@b.example.c.example', 'b.example@', '<script>@x"y'])(
    'with an address of no provider is asked again, in one way for all: %p',
    async (email) => {
      const page = await choose(await browser.open(signIn()), { email }, atSomeProvider);

      expect([page.status, page.text.includes('Nobody signs in here with an address of this domain')]).toEqual([422, true]);
      expect(page.text).not.toContain('<script');
      expect(field(page, 'asked')).toContain('challenge=');
    },
  );

  test('is told the same for accounts that exist and those that do not', async () => {
    const answers = [];
    for (const email of ['bob@b.example', 'nobody@b.example']) {
      const { url, status } = await choose(await browser.open(signIn()), { email }, atSomeProvider);
      answers.push([status, new URL(url).pathname, [...new URL(url).searchParams.keys()]]);
    }

    expect(answers[0]).toEqual(answers[1]);
  });

  test('is asked at the portal itself too', async () => {
    const page = await browser.open(`${world.portalUrl}/`);
    const end = await choose(page, { provider: 'a' }, () => false);

    expect([page.status, end.url]).toEqual([200, `${world.portalUrl}/`]);
    expect((await session())?.user.username).toBe('alice@a.example');
  });
});

describe('what decides without asking', () => {
  test.each([
    ['login_hint=bob%40b.example', 1],
    ['domain_hint=b.example', 1],
    ['login_hint=x&domain_hint=a.test', 0],
  ])('%s', async (hint, expected) => {
    const { url } = await browser.open(signIn(`&${hint}`), { until: atSomeProvider });

    expect(providerAt(url)).toBe(expected);
    for (const [name, value] of new URLSearchParams(hint)) expect(new URL(url).searchParams.get(name)).toBe(value);
  });

  test('a hint of another domain decides nothing, and survives the question', async () => {
    const page = await browser.open(signIn('&login_hint=carol'));
    const { url } = await choose(page, { provider: 'a' }, atSomeProvider);

    expect([page.status, new URL(url).searchParams.get('login_hint')]).toEqual([200, 'carol']);
  });

  test('the provider of the last sign-in that succeeded, until the user wants to choose', async () => {
    await choose(await browser.open(signIn()), { provider: 'a' }, atSomeProvider);
    const afterMistake = await browser.open(signIn());
    await signInAt('b');
    browser.setCookie(world.portalUrl, PORTAL_COOKIE, '');

    const again = await browser.open(signIn(), { until: atSomeProvider });
    const asked = await browser.open(`${world.portalUrl}/sign-in?choose=1`);

    expect([afterMistake.status, providerAt(again.url), asked.text.includes('How do you sign in?')]).toEqual([200, 1, true]);
  });

  test('a sign-in that fails there is forgotten', async () => {
    browser.setCookie(world.portalUrl, PROVIDER_COOKIE, 'b');
    world.idps[1]!.user = null;

    const failed = await browser.open(signIn());
    const again = await browser.open(signIn());

    expect([failed.text.includes('ERR_IDENTITY_REFUSED'), again.text.includes('How do you sign in?')]).toEqual([true, true]);
  });

  test('a provider that the tenant has no longer is none', async () => {
    browser.setCookie(world.portalUrl, PROVIDER_COOKIE, 'gone');

    expect((await browser.open(signIn())).text).toContain('How do you sign in?');
  });

  test('a step-up goes where the session came from, whatever the hints say', async () => {
    await signInAt('b');

    const { url } = await browser.open(signIn('&mfa=1&login_hint=alice%40a.example'), { until: atSomeProvider });

    expect([providerAt(url), new URL(url).searchParams.get('acr_values')]).toEqual([1, 'mfa']);
  });
});

describe('one provider', () => {
  const attempt = async (user: object) => {
    world.idps[1]!.user = { ...bob, ...user };
    const end = await signInAt('b');
    return { end, session: await session() };
  };

  test.each(['alice@a.example', 'ALICE@A.example', 'alice', 'alice@a.example@b.example'])(
    'cannot sign in another one’s user by the name %p',
    async (preferred_username) => {
      const { end, session } = await attempt({ sub: `as ${preferred_username}`, preferred_username });

      expect([end.status, end.text.includes('ERR_IDENTITY_REFUSED'), session]).toEqual([403, true, null]);
    },
  );

  test('cannot give its users another one’s address or groups', async () => {
    const { session } = await attempt({ sub: 'grabs', email: 'alice@a.example', groups: ['staff', 'a:staff'] });

    expect(session?.user).toMatchObject({ username: 'bob@b.example', email: '', groups: ['b:staff', 'b:a:staff'] });
  });

  test('has users of its own, though its subjects are those of another one', async () => {
    await signInAt('a');
    const first = await session();
    await choose(await browser.open(`${world.portalUrl}/sign-in?choose=1`), { provider: 'b' }, () => false);

    expect([first?.user.subject, (await session())?.user.subject]).toEqual(['1', '1']);
    expect((await session())?.user.username).toBe('bob@b.example');
    expect(await world.sessions.find(first!.id)).toBeNull();
  });

  test('is not handed what another one answered (mix-up): the answer must come back where it was asked', async () => {
    const { url } = await choose(await browser.open(signIn()), { provider: 'a' }, (next) =>
      next.startsWith(`${world.portalUrl}/callback/a`),
    );

    const end = await browser.open(url.replace('/callback/a', '/callback/b'));

    expect([end.status, end.text.includes('ERR_SIGN_IN_INVALID'), await session()]).toEqual([400, true, null]);
  });
});

describe('the form', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['of another site', {}, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['with another token', { token: 't'.repeat(43) }, {}],
  ])('%s sends nobody anywhere: the page is shown', async (_, fields, headers) => {
    const page = await choose(await browser.open(signIn()), { provider: 'b', ...fields }, atSomeProvider, headers);

    expect([page.status, page.text.includes('Please choose once more')]).toEqual([422, true]);
  });

  test('is not that of another browser', async () => {
    const page = await browser.open(signIn());
    browser.setCookie(world.portalUrl, BROWSER_COOKIE, 'b'.repeat(43));

    expect((await choose(page, { provider: 'b' }, atSomeProvider)).status).toBe(422);
  });

  test('leads back to nowhere but applications', async () => {
    const page = await browser.open(signIn());

    const end = await choose(page, { provider: 'b', asked: `challenge=${CHALLENGE}&to=https://evil.example/` }, atSomeProvider);

    expect([end.status, end.text.includes('ERR_REQUEST_INVALID')]).toEqual([400, true]);
  });
});

describe('a logout token', () => {
  const logout = (claims: object, signer: number) =>
    world.idps[signer]!.sign({
      aud: 'sallyport',
      iat: world.clock / 1000,
      exp: world.clock / 1000 + 60,
      jti: 'j',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sub: '1',
      ...claims,
    });
  const send = async (token: string) =>
    browser.open(`${world.portalUrl}/back-channel-logout`, {
      post: {
        body: String(new URLSearchParams({ logout_token: token })),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    });

  test('ends sessions of the provider that signed it, and of no other', async () => {
    await signInAt('a');

    const byB = await send(await logout({ iss: world.idps[1]!.issuer }, 1));
    const afterB = await session();
    const forged = await send(await logout({ iss: world.idps[0]!.issuer }, 1));
    const afterForged = await session();
    const byA = await send(await logout({ iss: world.idps[0]!.issuer }, 0));

    expect([byB.status, forged.status, byA.status]).toEqual([200, 401, 200]);
    expect([afterB !== null, afterForged !== null, await session()]).toEqual([true, true, null]);
  });
});
