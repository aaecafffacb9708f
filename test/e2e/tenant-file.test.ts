// `npm start -- --tenant FILE` runs a tenant as it is: a real domain, applications of its own network that are on plain HTTP, providers of
// several kinds with issuers and claims of their own, connectors that allow what their settings allow. `--publish` only adds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKey } from '../../lambdas/directory/signing-keys.ts';
import { oneTimeCode, USERS } from '../../simulator/identity-provider/users.ts';
import { signInHere } from '../../simulator/sign-in.ts';
import { createWebUser, type Page } from '../../simulator/web-user.ts';
import { control } from '../support/administrator.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { startOrigin, type TestOrigin } from '../support/origin.ts';
import { startWorld, type World } from '../support/world.ts';

const BOB = USERS.find(({ username }) => username === 'bob')!;

let folder: string;
let origins: TestOrigin[];
let world: World;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tenant-'));
  origins = await Promise.all([startOrigin(), startOrigin()]);
  const { certificate } = createKey('login', Date.now());
  const application = (id: string, internalUrl: string, more: object = {}) => ({
    ...{ id, name: id, externalUrl: `https://${id}.apps.corp.example.com/`, internalUrl, access: 'everyone', ...more },
  });
  const tenant = {
    ...{ tenant: 'corp', domain: 'corp.example.com', region: 'eu-central-1', account: '999999999999', portalHost: 'corp.example.com' },
    identityProviders: [
      {
        ...{ id: 'partners', protocol: 'saml', emailDomains: ['partner.example'], issuer: 'https://sso.partner.example/metadata' },
        ...{ signInUrl: 'https://sso.partner.example/sign-in', certificates: [certificate] },
      },
      {
        ...{
          id: 'staff',
          emailDomains: ['corp.example.com'],
          issuer: 'https://login.corp.example.com:8443/realms/staff/',
          clientId: 'proxy',
        },
        ...{ scopes: ['openid', 'corp'], claims: { username: 'account', groups: 'https://claims.example/roles' } },
        ...{ secondFactor: { acr: ['urn:corp:two'] }, clientAuthentication: 'none' },
      },
    ],
    applications: [
      application('wiki', 'http://wiki.corp.example.com:8443/docs/', { connectorGroup: 'berlin', access: { groups: ['staff:staff'] } }),
      application('hidden', 'http://hidden.corp.example.com/'),
      application('vault', 'http://wiki.corp.example.com:8443/', {
        ...{ connectorGroup: 'berlin', conditions: [{ name: 'two factors', require: { mfa: true } }] },
      }),
    ],
  };
  const [tenantFile, connectorFile] = [join(folder, 'corp.yaml'), join(folder, 'connector.yaml')];
  writeFileSync(tenantFile, JSON.stringify(tenant));
  const port = new URL(origins[0]!.url).port;
  writeFileSync(
    connectorFile,
    JSON.stringify({ allow: ['http://wiki.corp.example.com:8443'], connectTo: [`wiki.corp.example.com:8443=127.0.0.1:${port}`] }),
  );
  world = await startWorld(
    ...['--tenant', tenantFile, '--connector-config', connectorFile, '--lambda', 'quick', '--publish', `notes=${origins[1]!.url}`],
  );
}, 240_000);
afterAll(async () => {
  await world?.dispose();
  await Promise.all(origins.map((origin) => origin.dispose()));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const open = async (url: string): Promise<Page> => {
  const web = createWebUser({ ca: world.ready.certificate, allHere: true });
  try {
    return await web.open(url, await signInHere(world.ready, BOB, url));
  } finally {
    await web.close();
  }
};

test('an application of the file leads to its own internal URL, and one that was published beside it to its own', async () => {
  const [wiki, notes] = [await open(world.url('wiki')), await open(world.url('notes'))];

  expect([wiki, notes].map(({ status, text }) => [status, text])).toEqual([
    [200, 'ok'],
    [200, 'ok'],
  ]);
  expect(origins[0]!.calls.at(-1)).toBe('GET /docs/');
  expect(origins[1]!.calls.at(-1)).toBe('GET /');
});

test('what is applied has the file’s internal URLs', async () => {
  const applied = await control(world).applications();

  expect(Object.fromEntries(applied.map(({ id, internalUrl }) => [id, internalUrl]))).toEqual({
    wiki: 'http://wiki.corp.example.com:8443/docs/',
    hidden: 'http://hidden.corp.example.com/',
    vault: 'http://wiki.corp.example.com:8443/',
    notes: origins[1]!.url,
  });
});

test('what the connector’s settings do not allow is refused, though the file publishes it', async () => {
  const { status, text } = await open(world.url('hidden'));

  expect([status, text.includes('ERR_ORIGIN_NOT_ALLOWED')]).toEqual([502, true]);
});

test('a browser that is told where the names lead signs in, with the provider’s own word for a second factor', async () => {
  const browser = await startBrowser('--host-resolver-rules=MAP *.corp.example.com 127.0.0.1, MAP corp.example.com 127.0.0.1');
  try {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(world.url('vault'));
    await page.locator('[name=email]').fill('bob@corp.example.com');
    await page.getByRole('button', { name: 'Continue' }).click();
    await signInAs(page, world, 'bob');
    // Once more: the application's condition is known when it is known who asks.

    await signInAs(page, world, 'bob');
    await page.getByLabel('One-time code').fill(oneTimeCode(BOB));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForURL(world.url('vault'));

    expect(await page.locator('body').innerText()).toBe('ok');
    expect(world.ready.portal).toMatch(/^https:\/\/corp\.example\.com:\d+\/$/);
  } finally {
    await browser.close();
  }
}, 60_000);
