// Every page of ours, as the router and the portal make it, as axe-core sees it in Chromium: light and dark. What a page does by itself
// is taken out first, since a page that goes on at once cannot be looked at.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { digest } from '../../lambdas/keys.ts';
import { errorPage } from '../../lambdas/pages/error-answer.ts';
import { createLook } from '../../lambdas/pages/look.ts';
import { Browser as Program } from '../../lambdas/portal/testing/browser.ts';
import { startWorld, type World } from '../../lambdas/portal/testing/world.ts';
import { type EventChanges, HOST, application as routed, session } from '../../lambdas/router/testing/records.ts';
import { createRig } from '../../lambdas/router/testing/rig.ts';
import { application } from '../../lambdas/stores/testing/application.ts';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { accessibilityFaults } from '../support/accessibility.ts';
import { startBrowser } from '../support/browser.ts';
import { filesBelow, read } from '../support/files.ts';

const NAVIGATE = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };
const SECRET = 'b'.repeat(43);
const CODE = 'c'.repeat(43);

let world: World;
let several: World;
let browser: Browser;
let page: Page;
const seen = new Set<string>();

beforeAll(async () => {
  [world, several, browser] = await Promise.all([
    startWorld(),
    startWorld({ emailDomains: { main: ['example.com'], other: ['example.org'] } }),
    startBrowser(),
  ]);
  page = await browser.newPage();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([world?.close(), several?.close()]);
});

const faults = async (markup: string): Promise<string[]> => {
  await page.setContent(markup.replace(/<(script|noscript)>.*?<\/\1>/gs, ''));
  seen.add(await page.locator('h1').innerText());
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await accessibilityFaults(page)));
  }
  return found;
};

describe('of the router', () => {
  const at = async (changes: EventChanges) => {
    const rig = createRig();
    const parent = session({ id: 'portal-1', parent: 'portal-1', host: null, expiresAt: rig.clock.now() + 60_000 });
    rig.sessions.set(parent.id, parent);
    const [id, challenge, expiresAt] = [digest(CODE), digest(SECRET), rig.clock.now() + 1_000];
    const visits = ['files.apps.example.com'];
    rig.codes.set(id, { id, challenge, expiresAt, parent: parent.id, host: HOST, returnHost: HOST, returnTo: '/', visits, visited: 4 });
    return (await rig.answer(changes)).body().toString();
  };

  test.each<[string, EventChanges]>([
    ['Signing in', { path: '/a', headers: { ...NAVIGATE, 'Sec-Fetch-Dest': ['document'] } }],
    [
      'Sign in to send this',
      {
        httpMethod: 'POST',
        headers: { ...NAVIGATE, 'Sec-Fetch-Site': ['same-origin'], 'Content-Type': ['application/x-www-form-urlencoded'] },
        body: 'a=b',
      },
    ],
    ['You are signed in', { path: '/.sallyport/signed-in', headers: NAVIGATE }],
    [
      'Signing you in …',
      {
        path: '/.sallyport/session',
        multiValueQueryStringParameters: { code: [CODE] },
        headers: { ...NAVIGATE, Cookie: [`__Host-sallyport-sign-in=${SECRET}`] },
      },
    ],
  ])('%s', async (title, changes) => {
    const markup = await at(changes);

    expect(await faults(markup)).toEqual([]);
    expect(seen).toContain(title);
  });
});

test('of the router for a form that an application waits for: One moment', async () => {
  const rig = createRig();
  rig.applications[0] = { ...routed({ formsFrom: [{ path: '/acs', origins: ['https://shop.example'] }] }), callers: [] };
  const sent = {
    'Sec-Fetch-Site': ['cross-site'],
    Origin: ['https://shop.example'],
    'Content-Type': ['application/x-www-form-urlencoded'],
  };

  const answer = await rig.answer({ path: '/acs', httpMethod: 'POST', headers: { ...NAVIGATE, ...sent }, body: 'a=b' });

  expect(await faults(answer.body().toString())).toEqual([]);
  expect(seen).toContain('One moment');
});

test('of the router in a frame: Sign in to see this page', async () => {
  const rig = createRig();
  rig.applications[0] = { ...routed({ framedBy: ['https://frames.example'] }), callers: [] };

  const answer = await rig.answer({ headers: { ...NAVIGATE, 'Sec-Fetch-Dest': ['iframe'] } });

  expect(await faults(answer.body().toString())).toEqual([]);
  expect(seen).toContain('Sign in to see this page');
});

describe('of the portal', () => {
  test.each([
    ['Applications', '/'],
    ['Your sign-ins', '/sessions'],
    ['Your passwords', '/credentials'],
    ['Sign out?', '/sign-out'],
    ['You are signed out', '/signed-out'],
  ])('%s', async (title, path) => {
    const alice = new Program();
    world.idp.user = { sub: 'a-1', preferred_username: 'alice', name: 'Alice', amr: ['pwd'] };
    world.applications = [application({ access: 'everyone', description: 'What we know' })];
    await alice.open(world.portalUrl);

    const { text } = await alice.open(world.portalUrl + path);

    expect(await faults(text)).toEqual([]);
    expect(seen).toContain(title);
  });

  test('How do you sign in?, also once the answer was none', async () => {
    const program = new Program();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: several.portalUrl, 'sec-fetch-site': 'same-origin' };
    const { text } = await program.open(several.portalUrl);
    const form = new URLSearchParams({ email: 'someone@nowhere.example' });
    for (const [, name = '', value = ''] of text.split('</form>')[0]!.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
      form.append(name, value);
    }
    const body = form.toString();

    const { status, text: again } = await program.open(`${several.portalUrl}/sign-in`, { post: { body, headers } });

    expect(await faults(text)).toEqual([]);
    expect(status).toBe(422);
    expect(await faults(again)).toEqual([]);
    expect(seen).toContain('How do you sign in?');
  });
});

describe('of a failure', () => {
  const look = createLook({ name: 'Contoso', color: '#3d5a45', support: 'mailto:help@example.com' });
  const link = { url: 'https://portal.example.com/', text: 'Your applications' };

  test.each(Object.keys(ERRORS) as ErrorCode[])('%s', async (code) => {
    const { body } = errorPage({ code, id: 'request-1', time: 1_700_000_000_000, detail: 'In a few words.', link }, look);

    expect(await faults(body)).toEqual([]);
  });
});

test('there is no other page', () => {
  const sources = filesBelow('lambdas', '.ts').filter((file) => !file.includes('test'));
  const titles = sources.map(read).flatMap((text) => [...text.matchAll(/\btitle: '([^']+)'/g)].map(([, title]) => title!));

  expect(titles.length).toBeGreaterThan(5);
  expect(titles.filter((title) => !seen.has(title))).toEqual([]);
});
