// How applications are published, as users and administrators meet it: several addresses, wildcards, an alternate URL, maintenance, an
// application that is away, crawlers, calls from one application to another, our own pages, and what became of a request.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { accessibilityFaults } from '../support/accessibility.ts';
import { sallyport } from '../support/administrator.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { type OwnConnector, startConnector } from '../support/connector.ts';
import { eventually } from '../support/eventually.ts';
import { ALTERNATE, DOMAIN, HUB, publication, publications } from '../support/publications.ts';
import { type Sites, startSites } from '../support/sites.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let sites: Sites;
let foreign: Server;
let world: World;
let connector: OwnConnector;
let browser: Browser;
let context: BrowserContext;
let page: Page;

const foreignOrigin = (host: string) => `http://${host}:${(foreign.address() as AddressInfo).port}`;
const origin = (host: string): string => {
  const { protocol, port } = new URL(world.ready.portal);
  return `${protocol}//${host}:${port}`;
};
const at = (name: string, path = ''): string => `${origin(`${name}.apps.${DOMAIN}`)}/${path}`;

const application = (id: string, settings: object = {}) => publication(sites, id, settings);

beforeAll(async () => {
  sites = await startSites();
  foreign = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>Elsewhere</title>'));
  foreign.listen(0);
  await once(foreign, 'listening');
  world = await startWorld();
  connector = await startConnector(world, 'sites', [sites.url('*')]);
  await world.apply(publications(sites, foreignOrigin('127.0.0.1')));
  browser = await startBrowser();
  context = await browser.newContext();
  page = await context.newPage();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await connector?.dispose();
  await world?.dispose();
  foreign?.close();
  await sites?.dispose();
}, 60_000);

const heading = () => page.locator('h1').innerText();
/** As a page's script calls. */
const call = (url: string, init: { method?: string; headers?: Record<string, string> } = {}) =>
  page.evaluate(
    async ([address, options]) => {
      const response = await fetch(address, { credentials: 'include', ...options });
      const body = (await response.json()) as Record<string, unknown>;
      return { status: response.status, body, signIn: response.headers.get('sallyport-sign-in') };
    },
    [url, init] as const,
  );
const hasSession = async (url: string): Promise<boolean> =>
  (await context.cookies(url)).some(({ name }) => name === '__Host-sallyport-session');

describe('signing in to an application whose pages call others', () => {
  test('passes through the hosts that they call, and leaves out one that the user may not use', async () => {
    await page.goto(at('wiki', 'page?q=1#part'));
    await signInAs(page, world, 'bob');
    await page.waitForURL(at('wiki', 'page?q=1#part'));

    expect(await heading()).toBe('wiki');
    expect(await Promise.all(['wiki', 'files', 'orders', 'vault', 'hr'].map((name) => hasSession(at(name))))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  }, 60_000);

  test('so a script calls them with the user’s session, preflight and all: a segment, and another application', async () => {
    await page.goto(at('wiki'));

    const segment = await call(at('files', 'api/list'), { method: 'DELETE' });
    const order = await call(at('orders', 'other/api/1'), { method: 'PUT', headers: { 'x-token': '1' } });

    expect(segment).toMatchObject({ status: 200, body: { name: 'files', method: 'DELETE', url: '/shared/api/list' } });
    expect(order).toMatchObject({ status: 200, body: { name: 'orders', method: 'PUT', url: '/other/api/1', user: 'bob' } });
  }, 60_000);

  test('and through more hosts than a browser follows redirects in a row', async () => {
    await page.goto(at('hub', 'page'));
    await page.waitForURL(at('hub', 'page'));

    expect(await Promise.all(HUB.map((name) => hasSession(at(name))))).toEqual(HUB.map(() => true));
  }, 60_000);

  test('and the one that is called may not call back, nor may a neighbour', async () => {
    await page.goto(at('orders'));
    await expect(call(at('wiki', 'api/x'))).rejects.toThrow(/fetch/i);

    await page.goto(at('hr'));
    await expect(call(at('orders', 'api/x'))).rejects.toThrow(/fetch/i);
  }, 60_000);
});

describe('a script of another site', () => {
  const put = { method: 'PUT', headers: { 'x-token': '1' } };

  test('that a rule lists learns why it is refused: the browser sends no session across sites', async () => {
    await page.goto(foreignOrigin('127.0.0.1'));

    const { status, body, signIn } = await call(at('orders', 'api/1'), put);

    expect([status, body.code]).toEqual([401, 'ERR_SIGN_IN_REQUIRED']);
    expect(signIn).toMatch(/\/sign-in\?.*\bto=/);
  }, 60_000);

  test.each([
    ['of an origin that is not listed', 'localhost', 'api/1', put],
    ['below another path', '127.0.0.1', 'other', put],
    ['with another method', '127.0.0.1', 'api/1', { ...put, method: 'DELETE' }],
    ['with another header', '127.0.0.1', 'api/1', { ...put, headers: { 'x-other': '1' } }],
  ])(
    '%s learns nothing',
    async (_, host, path, init) => {
      await page.goto(foreignOrigin(host));

      await expect(call(at('orders', path), init)).rejects.toThrow(/fetch/i);
    },
    60_000,
  );
});

describe('addresses', () => {
  test('a wildcard shows each name’s own site; an entry of its own goes before, for all its paths', async () => {
    await page.goto(at('anything-1', 'x'));
    expect(await heading()).toBe('anything-1');

    await page.goto(at('hr', 'payroll/slip'));
    expect(await page.locator('p').innerText()).toBe('/salaries/slip');
  }, 60_000);

  test('an alternate URL signs in and stays there; it leads to its application and to no other', async () => {
    await page.goto(`${origin(ALTERNATE)}/payroll/slip`);
    await page.waitForURL(`${origin(ALTERNATE)}/payroll/slip`);
    expect(await page.locator('p').innerText()).toBe('/salaries/slip');

    for (const path of ['', 'wiki/', 'payroll', 'payroll/../', 'payroll%2f..%2f'].map((path) => `${origin(ALTERNATE)}/${path}`)) {
      const { status, body } = await stranger.fetch(path);
      expect([302, 308, 400, 401, 404]).toContain(status);
      expect(body.toString()).not.toContain('<h1>hr');
    }
  }, 60_000);

  test('the portal lists each application once, leads to its home page, and marks what cannot be used', async () => {
    await page.goto(world.ready.portal);
    await picture(page, 'portal-marks');
    const entries = await page.locator('.applications a .about').allInnerTexts();

    expect(entries.map((text) => text.split('\n').filter(Boolean))).toEqual([
      ['away', 'Offline'],
      ['closed', 'Under maintenance', 'Back on Monday at 8, with <new> forms.'],
      ['hr'],
      ['hub'],
      ['open'],
      ['orders'],
      ['payroll'],
      ['wiki'],
    ]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'wiki' }).click();
    await page.waitForURL(at('wiki', 'start?view=all'));
  }, 60_000);

  test('applying an alternate URL that is not deployed is refused, and says to deploy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-publishing-'));
    const file = join(folder, 'tenant.yaml');
    const identityProviders = [{ id: 'local', issuer: 'https://login.sallyport.localhost', clientId: 'sallyport' }];
    const applications = [application('wiki', { alternateUrl: `https://new.${DOMAIN}/` })];
    writeFileSync(file, JSON.stringify({ tenant: 'local', domain: DOMAIN, identityProviders, applications }));

    const { status, output } = await sallyport(world, 'apply', file);

    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(output).toMatch(/alternateUrl: expected a host that is deployed \(intranet\.sallyport\.localhost\).*npx cdk deploy/s);
  }, 60_000);
});

describe('crawlers', () => {
  test('are turned away without a sign-in, or get what the application says', async () => {
    const denied = await stranger.fetch(at('wiki', 'robots.txt'));
    const own = await stranger.fetch(at('open', 'robots.txt'));

    expect([denied.status, denied.body.toString()]).toEqual([200, 'User-agent: *\nDisallow: /\n']);
    expect(own.body.toString()).toContain('Allow: /');
  }, 60_000);
});

describe('our own pages', () => {
  const looks = [
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 720 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 720 } }],
    ['phone', { colorScheme: 'light', viewport: { width: 360, height: 640 } }],
  ] as const;
  const shows = [
    ['maintenance', 'closed', 'Back on Monday at 8, with <new> forms.', 'ERR_MAINTENANCE'],
    ['offline', 'away', 'The application is offline', 'ERR_NO_CONNECTOR'],
    ['failure', 'wiki', 'The application broke off its answer', 'ERR_ORIGIN_ABORTED'],
  ] as const;

  test.each(
    shows.flatMap(([what, name, words, code]) => looks.map(([look, settings]) => [what, look, name, words, code, settings] as const)),
  )(
    '%s, %s: says what is the matter, where and when, is accessible, and has the tenant’s name and link to help',
    async (what, look, name, words, code, { colorScheme, viewport }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);

      await page.goto(at(name, 'hangup'));
      await picture(page, `${what}-${look}`);

      const text = await page.locator('body').innerText();
      expect(text).toContain(words);
      expect(text).toContain(code);
      expect(text).toContain('Sallyport on this machine');
      expect(await page.getByRole('link', { name: 'Ask for help' }).getAttribute('href')).toMatch(/^mailto:help@.*subject=ERR_/);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    },
    60_000,
  );

  test('maintenance: the answer says that it is none, and when to come back; nothing has reached the site', async () => {
    const response = await page.goto(at('closed', 'api/x'));

    expect(response!.status()).toBe(503);
    expect(response!.headers()['retry-after']).toBe('300');
    expect([...sites.asked]).not.toContain('closed');
    expect([...sites.asked]).toContain('wiki');
  }, 60_000);

  test('the id on a page is what `sallyport explain` takes: premises included, and nothing secret', async () => {
    await page.goto(at('wiki', 'hangup?token=topsecret'));
    const id = await page.locator('dt:has-text("Request") + dd').innerText();

    const said = await eventually(60_000, async () => {
      const { status, output } = await sallyport(world, 'explain', id);
      if (status !== 0) throw new Error(output);
      return output;
    });

    for (const part of ['ERR_ORIGIN_ABORTED (502, origin)', 'let in as bob', 'posted to tunnel', 'at the connector: connected', `${id}`])
      expect(said).toContain(part);
    expect(said).not.toMatch(/topsecret|hangup|__Host/);
  }, 90_000);

  test('nor is a request that never became an exchange lost: its own id is found too', async () => {
    const { headers, body } = await stranger.fetch(at('wiki', '%'), { headers: { accept: 'application/json' } });
    const { id } = JSON.parse(body.toString());

    const { status, output } = await sallyport(world, 'explain', id);

    expect(headers['content-type']).toBe('application/problem+json');
    expect([status, output]).toEqual([0, expect.stringContaining(`Request ${id}`)]);
  }, 60_000);
});

describe('host confusion', () => {
  /** Bytes as they are, to the port where everyone comes in. */
  const send = async (lines: readonly string[]): Promise<string> => {
    const socket = connect(Number(new URL(world.ready.portal).port), '127.0.0.1');
    socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  };
  const cookieFor = async (url: string) =>
    (await context.cookies(url)).filter(({ name }) => name.endsWith('-session')).map(({ name, value }) => `${name}=${value}`)[0]!;

  test.each([
    ['capitals', 'WIKI.Apps.Sallyport.Localhost', '/'],
    ['a final dot', `wiki.apps.${DOMAIN}.`, '/'],
    ['another port', `wiki.apps.${DOMAIN}:1`, '/'],
    ['an absolute target that names another host', `wiki.apps.${DOMAIN}`, `http://vault.apps.${DOMAIN}/`],
  ])('%s: it is the same application, with the same session, or none', async (_, host, target) => {
    const answer = await send([`GET ${target} HTTP/1.1`, `Host: ${host}`, `Cookie: ${await cookieFor(at('wiki'))}`]);

    expect(answer).toMatch(/^HTTP\/1\.1 (200|4\d\d) /);
    if (answer.startsWith('HTTP/1.1 200')) expect(answer).toContain('<h1>wiki</h1>');
    expect(answer).not.toContain('<h1>vault');
  });

  test.each([
    ['another application’s host', `vault.apps.${DOMAIN}`],
    ['the alternate URL', ALTERNATE],
    ['a name of the wildcard', `anything.apps.${DOMAIN}`],
  ])('a session is good for its own host alone, not for %s', async (_, host) => {
    const answer = await send([
      'GET /payroll/ HTTP/1.1',
      `Host: ${host}`,
      'Sec-Fetch-Mode: cors',
      `Cookie: ${await cookieFor(at('wiki'))}`,
    ]);

    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('two hosts are none', async () => {
    const answer = await send(['GET / HTTP/1.1', `Host: wiki.apps.${DOMAIN}`, `Host: vault.apps.${DOMAIN}`]);

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});
