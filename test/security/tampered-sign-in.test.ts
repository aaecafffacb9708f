// Attack: every parameter that comes back through the user's browser is changed, left out, doubled or taken from another sign-in (Pomerium
// GHSA-fv82-r8qv-ch4v: unsigned parameters of callback and sign-out). None of it signs anybody in or out.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../../lambdas/keys.ts';
import { PORTAL_COOKIE } from '../../lambdas/portal/cookies.ts';
import { Browser } from '../../lambdas/portal/testing/browser.ts';
import { startWorld, type World } from '../../lambdas/portal/testing/world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());
beforeEach(() => {
  browser = new Browser();
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', name: 'Alice', amr: ['pwd'] };
});

const isCallback = (url: string) => url.startsWith(`${world.portalUrl}/callback`);
const isProvider = (url: string) => url.startsWith(world.idp.issuer);
const session = (of: Browser) => of.cookie(world.portalUrl, PORTAL_COOKIE);
/** As the provider sends it back, not yet opened. */
const answered = async (of: Browser) => new URL((await of.open(world.portalUrl, { until: isCallback })).url);
/** One character of each part of a text that has parts. */
const spoilt = (value: string): string[] => {
  const parts = value.split('.');
  return parts.map((part, nth) => parts.with(nth, part.startsWith('A') ? `B${part.slice(1)}` : `A${part.slice(1)}`).join('.'));
};

describe('what the provider sends back', () => {
  test.each(['state', 'code', 'iss'])('%s: changed, left out, emptied, doubled, or of another sign-in', async (name) => {
    const good = await answered(browser);
    const others = await answered(new Browser());
    const value = good.searchParams.get(name)!;
    const withValues = (...values: string[]) => {
      const url = new URL(good);
      url.searchParams.delete(name);
      for (const one of values) url.searchParams.append(name, one);
      return url.href;
    };
    // The issuer is the same in every sign-in.
    const foreign = name === 'iss' ? 'https://login.evil.example' : others.searchParams.get(name)!;
    const attacks = [[], [''], [value, value], [value, foreign], [foreign], [`${value} `], ...spoilt(value).map((one) => [one])];

    const notRefused: string[][] = [];
    for (const values of attacks) {
      // Tabs that begin at once leave the state of another sign-in, too: the browser is sent to the provider anew, with nothing gained.
      const { status, url } = await browser.open(withValues(...values), { until: isProvider });
      if (status < 400 || status >= 500) notRefused.push([...values, new URL(url).pathname]);
      expect([values, session(browser)]).toEqual([values, undefined]);
    }

    expect(notRefused).toEqual(name === 'state' ? [[foreign, '/auth']] : []);
  });

  test('untouched, it is good: once', async () => {
    const good = await answered(browser);

    await browser.open(good.href);
    const first = session(browser);
    const again = await browser.open(good.href);

    expect(first).toMatch(/^[\w-]{43}$/);
    expect(again.status).toBe(400);
    expect(session(browser)).toBe(first);
  });
});

describe('the form that signs out', () => {
  test.each<[string, (token: string) => string]>([
    ['no token', () => ''],
    ['an empty one', () => 'token='],
    ['one that was changed', (token) => `token=${spoilt(token)[0]}`],
    ['a shorter one', (token) => `token=${token.slice(0, -1)}`],
    ['two', (token) => `token=${token}&token=${token}`],
    ['another name', (token) => `Token=${token}`],
  ])('%s', async (_, bodyOf) => {
    await browser.open(world.portalUrl);
    const { text } = await browser.open(`${world.portalUrl}/sign-out`);
    const token = /name="token" value="([\w-]+)"/.exec(text)?.[1] ?? '';
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: world.portalUrl, 'sec-fetch-site': 'same-origin' };

    const { status } = await browser.open(`${world.portalUrl}/sign-out`, { post: { body: bodyOf(token), headers } });

    expect([token.length, status]).toEqual([43, 400]);
    expect(await world.sessions.find(digest(session(browser)!))).not.toBeNull();
  });
});
