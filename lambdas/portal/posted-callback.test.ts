import { X509Certificate } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import { application } from '../stores/testing/application.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { newKey, type ResponseOptions, respond } from './saml/testing/saml-provider.ts';
import { Browser, type Landing } from './testing/browser.ts';
import { signingKey, startWorld, type World } from './testing/world.ts';

const keys = newKey();
let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld({ samlKey: keys.publicKey });
});
afterAll(() => world.close());
beforeEach(() => {
  browser = new Browser();
});

/** The provider's page, to which the portal sent this browser. */
const begin = async (by: Browser = browser): Promise<URL> =>
  new URL((await by.open(`${world.portalUrl}/sign-in`, { until: isProvider })).url);
const isProvider = (url: string) => url.startsWith('https://login.example.com/');
const requestId = (page: URL) =>
  / ID="([^"]+)"/.exec(inflateRawSync(Buffer.from(page.searchParams.get('SAMLRequest')!, 'base64')).toString())![1]!;

const answerTo = (page: URL, changes: Partial<ResponseOptions> = {}) => ({
  SAMLResponse: respond(
    { portalUrl: world.portalUrl, requestId: requestId(page), now: world.clock, id: `_${crypto.randomUUID()}`, ...changes },
    { key: keys.privateKey },
  ),
  RelayState: page.searchParams.get('RelayState')!,
});

const post = (fields: Record<string, string>, by: Browser = browser): Promise<Landing> =>
  by.open(`${world.portalUrl}/callback/main`, {
    post: { body: new URLSearchParams(fields).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  });

/** What the portal's own page posts. */
const fieldsOf = ({ text }: Landing): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [name!, value!]));

test('a response is posted once more by a page of our own, which has the cookies, and then signs the user in', async () => {
  const page = await begin();
  // As from another site: SameSite=Lax keeps the cookies.
  const from = await post(answerTo(page), new Browser());

  const landing = await post(fieldsOf(from));

  expect([from.status, from.setCookies]).toEqual([200, []]);
  expect(from.policy).toMatch(/script-src 'sha256-[^']+'/);
  expect(landing.url).toBe(`${world.portalUrl}/`);
  const session = await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!));
  expect(session).toMatchObject({
    user: { username: 'dwho', subject: 'u-1', groups: ['users', 'timelords'] },
    providerSession: 's-1',
    mfa: false,
  });
});

test('what the page posts is what came, whatever it looks like', async () => {
  const fields = { SAMLResponse: '"><script>alert(1)</script>', RelayState: "'&amp;<" };

  const { text } = await post(fields);

  expect(text).not.toContain('<script>alert');
  expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
});

test('groups that the provider left out are known to be missing', async () => {
  const attributes = {
    uid: ['dwho'],
    'http://schemas.microsoft.com/claims/groups.link': ['https://graph.windows.net/t/users/u/getMemberObjects'],
  };

  await post({ ...answerTo(await begin(), { attributes }), again: '1' });

  const session = await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!));
  expect(session?.user).toMatchObject({ username: 'dwho', groups: [], groupsLeftOut: true });
  expect(world.lines.some((line) => line.includes('sign-in.groups-left-out'))).toBe(true);
});

test('a context that shows two factors is told by the session', async () => {
  const landing = await post({ ...answerTo(await begin(), { context: 'urn:example:two-factors' }), again: '1' });

  const session = await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!));
  expect([landing.status, session?.mfa]).toEqual([200, true]);
});

test.each<[string, (page: URL) => Promise<Record<string, string>>]>([
  ['the response of a sign-in that another browser began', async () => answerTo(await begin(new Browser()))],
  [
    'another browser’s response with this one’s state',
    async (page) => ({ ...answerTo(await begin(new Browser())), RelayState: page.searchParams.get('RelayState')! }),
  ],
  [
    'this browser’s response with another one’s state',
    async (page) => ({ ...answerTo(page), RelayState: (await begin(new Browser())).searchParams.get('RelayState')! }),
  ],
  ['a response without a state', async (page) => ({ SAMLResponse: answerTo(page).SAMLResponse })],
  ['a state that was not made here', async (page) => ({ ...answerTo(page), RelayState: 'https://evil.example/' })],
  ['a state without a response', async (page) => ({ RelayState: page.searchParams.get('RelayState')! })],
])('%s signs nobody in', async (_what, fieldsFor) => {
  const fields = await fieldsFor(await begin());

  const { status, text } = await post({ ...fields, again: '1' });

  expect(status).toBeGreaterThanOrEqual(400);
  expect(text).toMatch(/ERR_SIGN_IN_INVALID|ERR_IDENTITY_REFUSED/);
  expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
});

describe('a response that nobody asked for', () => {
  const unsolicited = (changes: Partial<ResponseOptions> = {}): string =>
    respond(
      { portalUrl: world.portalUrl, requestId: null, now: world.clock, id: `_${crypto.randomUUID()}`, ...changes },
      { key: keys.privateKey },
    );
  const wiki = () => `http://wiki.apps.example.com:${new URL(world.portalUrl).port}/page?x=1`;
  const bring = async (fields: Record<string, string>, by: Browser = browser) =>
    by.open(`${world.portalUrl}/callback/main`, {
      // As from the provider's site, and then from our own page.
      post: {
        body: new URLSearchParams(fieldsOf(await post(fields, new Browser()))).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      until: (url) => isProvider(url) || url === wiki(),
    });
  beforeEach(() => {
    world.applications = [application({ host: 'wiki.apps.example.com' })];
  });

  test('signs nobody in: a sign-in of our own begins, at the same provider', async () => {
    const { url } = await bring({ SAMLResponse: unsolicited() });

    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
    expect(new URL(url).pathname).toBe('/saml/singleSignOn');

    const landing = await post({ ...answerTo(new URL(url)), again: '1' });
    expect([landing.url, browser.cookie(world.portalUrl, PORTAL_COOKIE)]).toEqual([`${world.portalUrl}/`, expect.any(String)]);
  });

  test('leads to the application that RelayState names', async () => {
    expect((await bring({ SAMLResponse: unsolicited(), RelayState: wiki() })).url).toBe(wiki());
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
  });

  test.each(['https://evil.example/', '//evil.example', 'wiki', 'javascript:alert(1)', ''])('and nowhere else: %s', async (RelayState) => {
    const { trail } = await bring({ SAMLResponse: unsolicited(), RelayState });

    expect(trail.slice(1).map((url) => isProvider(url) || url === `${world.portalUrl}/`)).not.toContain(false);
  });

  test.each(['unsigned', 'another’s'])('that is %s does just as little', async (what) => {
    const stranger = newKey().privateKey;
    const options = { portalUrl: world.portalUrl, requestId: null, now: world.clock };
    const SAMLResponse = respond(options, what === 'unsigned' ? { key: stranger, sign: 'nothing' } : { key: stranger });

    expect(isProvider((await bring({ SAMLResponse })).url)).toBe(true);
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
  });

  test('leaves a session that there is as it is', async () => {
    await post({ ...answerTo(await begin()), again: '1' });
    const before = browser.cookie(world.portalUrl, PORTAL_COOKIE);

    const { url } = await bring({ SAMLResponse: unsolicited({ nameId: 'somebody-else' }) });

    expect([url, browser.cookie(world.portalUrl, PORTAL_COOKIE)]).toEqual([`${world.portalUrl}/`, before]);
    expect(await world.sessions.find(digest(before!))).toMatchObject({ user: { subject: 'u-1' } });
  });

  test('right after a request of ours leads on by a link alone: a provider that never says what it answers ends there', async () => {
    await begin();

    const { status, text } = await bring({ SAMLResponse: unsolicited(), RelayState: wiki() });

    expect([status, text.includes('ERR_SIGN_IN_INVALID'), text.includes(`href="${wiki()}"`)]).toEqual([400, true, true]);
  });

  test('with our own sign-in’s RelayState is still none of its answers', async () => {
    const page = await begin();

    const { text } = await post({ SAMLResponse: unsolicited(), RelayState: page.searchParams.get('RelayState')!, again: '1' });

    expect([text.includes('ERR_IDENTITY_REFUSED'), browser.cookie(world.portalUrl, PORTAL_COOKIE)]).toEqual([true, undefined]);
  });
});

test('a browser that keeps no cookies is told so, and not sent round and round', async () => {
  const fields = answerTo(await begin());

  const { status, text } = await post({ ...fields, again: '1' }, new Browser());

  expect([status, /cookies are blocked/.test(text)]).toEqual([400, true]);
});

test('a response that is brought again, by the same browser, signs nobody in', async () => {
  const fields = { ...answerTo(await begin()), again: '1' };
  const cookies = browser.cookieHeader(world.portalUrl);
  await post(fields);
  const again = new Browser();
  for (const pair of cookies.split('; '))
    again.setCookie(world.portalUrl, pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));

  const { status, text } = await post(fields, again);

  expect([status, /used before/.test(text) || /ERR_IDENTITY_REFUSED/.test(text)]).toEqual([403, true]);
});

test('the metadata name us and where responses go', async () => {
  const { status, text } = await browser.open(`${world.portalUrl}/saml/metadata`);

  expect(status).toBe(200);
  expect(text).toContain(`entityID="${world.portalUrl}/saml/metadata"`);
  expect(text).toContain(`Location="${world.portalUrl}/callback/main"`);
  expect(text).toContain('WantAssertionsSigned="true"');
  expect(text).toContain(`HTTP-POST" Location="${world.portalUrl}/saml/slo"`);
  expect(text).toContain(new X509Certificate(signingKey().certificate).raw.toString('base64'));
});
