// What users and administrators meet while the identity provider or the tables do not answer, and that all is well afterwards.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { control, sallyport } from '../support/administrator.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { ROOT } from '../support/files.ts';
import { signIn, stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const PAGE_LOAD = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

let world: World;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-services-'));
  [world, browser] = await Promise.all([startWorld(), startBrowser()]);
}, 120_000);
afterEach(async () => {
  await reachable(true);
  await throttle(0);
});
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const reachable = (is: boolean) => world.control('PUT', '/identity-provider', { reachable: is });
const throttle = (share: number) => world.control('PUT', '/faults', { 'throttle-tables': share });
const newPage = async (): Promise<Page> => (await browser.newContext()).newPage();

/** Ends what functions remember: the next request starts a fresh environment. */
const forget = async (name: RegExp): Promise<void> => {
  const environments = await world.control<{ id: string; function: string }[]>('GET', '/lambda/environments');
  for (const { id, function: owner } of environments) if (name.test(owner)) await world.control('DELETE', `/lambda/environments/${id}`);
};

/** What an error page tells, by its terms. */
const told = async (page: Page) => {
  const terms = await page.locator('dt').allTextContents();
  const details = await page.locator('dd').allTextContents();
  return {
    title: await page.locator('h1').textContent(),
    ...Object.fromEntries(terms.map((term, index) => [term, details[index]])),
  } as Record<'title' | 'Code' | 'Hop' | 'Time' | 'Request', string>;
};

/** Signs in at the provider, and stops where it sends the browser back to the portal. */
const signInUntilTheWayBack = async (page: Page, username: string): Promise<string> => {
  const { password = '' } = world.ready.users.find((user) => user.username === username) ?? {};
  const { request } = page.context();
  const provider = page.url();
  const action = await page.locator('form').getAttribute('action');
  const done = await request.post(new URL(action!, provider).href, { form: { username, password }, maxRedirects: 0 });
  const back = await request.get(new URL(done.headers().location!, provider).href, { maxRedirects: 0 });
  return back.headers().location!;
};

/** The function's log line of a request. */
const logged = async (group: string, request: string): Promise<string> => {
  const lines = await world.control<{ line: string }[]>('GET', `/logs/${group}`);
  return lines.map(({ line }) => line).find((line) => line.includes(request) && line.includes('"error"')) ?? '';
};

describe('an identity provider that cannot be reached', () => {
  test('a user who signs in is told so on a page, whose request the log explains; later the same link works', async () => {
    await reachable(false);
    await forget(/portal/i);
    const page = await newPage();

    const refused = page.waitForResponse((response) => response.status() === 502);
    await page.goto(world.url('intranet'));

    await refused;
    const error = await told(page);
    expect(error).toMatchObject({
      title: 'The sign-in service cannot be reached.',
      Code: 'ERR_IDENTITY_PROVIDER_UNREACHABLE',
      Hop: 'ingress',
    });
    const line = await logged('PortalLog', error.Request);
    expect(line).toContain(`The identity provider ${world.ready.identityProvider} cannot be reached. Check identityProviders`);
    expect(line).toContain('ECONNREFUSED');

    await reachable(true);
    await page.getByRole('link', { name: 'Try again' }).click();
    await signInAs(page, world, 'bob');
    await page.getByRole('heading', { name: 'Good day' }).waitFor();
    expect(page.url()).toBe(world.url('intranet'));
  }, 90_000);

  test('one that goes away in the middle of a sign-in leaves no half of a session', async () => {
    const page = await newPage();
    await page.goto(world.ready.portal);
    const callback = await signInUntilTheWayBack(page, 'bob');

    await reachable(false);
    const answer = await page.goto(callback);

    expect([answer?.status(), (await told(page)).Code]).toEqual([502, 'ERR_IDENTITY_PROVIDER_UNREACHABLE']);
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('__Host-sallyport-portal');
    await reachable(true);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Applications' }).waitFor();
  }, 90_000);
});

describe('tables that throttle', () => {
  test('a user gets a page that can be tried again, and a program a problem; the log names the table', async () => {
    await forget(/router/i);
    await throttle(1);

    const page = await stranger.fetch(world.url('intranet'), { headers: PAGE_LOAD });
    const problem = await stranger.fetch(world.url('intranet'), { headers: { accept: 'application/json' } });

    expect([page.status, page.headers['retry-after'], problem.status]).toEqual([503, '5', 503]);
    expect(page.body.toString()).toContain('ERR_STORE_UNAVAILABLE');
    const { code, hop, id } = JSON.parse(problem.body.toString());
    expect([code, hop]).toEqual(['ERR_STORE_UNAVAILABLE', 'ingress']);
    expect(await logged('IngressRouter', id)).toMatch(/Table Sallyport-local-TablesDirectory\S+ refused .*ProvisionedThroughputExceeded/);
  }, 60_000);

  test('a user who comes back afterwards is still signed in', async () => {
    const bob = await signIn(world, 'bob', 'intranet');
    await forget(/router/i);
    await throttle(1);

    const during = await bob.fetch(world.url('intranet'), { headers: PAGE_LOAD });
    await throttle(0);
    const after = await bob.fetch(world.url('intranet'), { headers: PAGE_LOAD });

    expect([during.status, after.status]).toEqual([503, 200]);
  }, 60_000);

  test('what is applied meanwhile is applied not at all, and is so told', async () => {
    const file = join(folder, 'local.yaml');
    const before = await control(world).applications();
    writeFileSync(file, `${readFileSync(join(ROOT, 'tenants/local.yaml'), 'utf8')}${NEW_APPLICATIONS}`);
    await throttle(1);

    const { status, output } = await sallyport(world, 'apply', file);

    await throttle(0);
    expect(status).toBe(1);
    expect(output).toMatch(/^ERR_STORE_UNAVAILABLE: Table \S+ refused an operation \(ProvisionedThroughputExceededException/);
    expect(await control(world).applications()).toEqual(before);
    expect(await sallyport(world, 'apply', file)).toMatchObject({ status: 0, output: expect.stringContaining('+ new-1') });
  }, 90_000);

  test('a code for a connector is not made', async () => {
    await throttle(1);

    const { status, output } = await sallyport(world, 'connector', 'enroll', '--group', 'default');

    expect(status).toBe(1);
    expect(output).toMatch(/^ERR_STORE_UNAVAILABLE: /);
    expect(output).not.toContain('/connectors/enrol#');
  }, 60_000);
});

const NEW_APPLICATIONS = [1, 2, 3]
  .map(
    (number) => `  - id: new-${number}
    name: New ${number}
    externalUrl: https://new-${number}.apps.sallyport.localhost/
    internalUrl: http://new.corp.example/
    access: everyone
`,
  )
  .join('');
