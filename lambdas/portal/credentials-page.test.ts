import { createECDH } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { ownerOf, readVaultKey } from '../../protocol/vault.ts';
import { application } from '../stores/testing/application.ts';
import { CREDENTIALS_SCRIPT } from './credentials-script.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

const ecdh = createECDH('prime256v1');
const KEY = ecdh.generateKeys('base64url');
const OTHER = createECDH('prime256v1').generateKeys('base64url');
const password = { method: 'password', headers: {}, scheme: 'basic', credentials: 'user', vaultKey: KEY, form: null } as const;

let world: World;
let alice: Browser;
let bob: Browser;

beforeAll(async () => {
  world = await startWorld();
  world.applications = [
    application({ singleSignOn: password }),
    application({ id: 'closed', name: 'Closed', access: { users: ['nobody'], groups: [] }, singleSignOn: password }),
    application({ id: 'shelf', name: 'Shelf', singleSignOn: { ...password, credentials: 'shared' } }),
    application({ id: 'plain', name: 'Plain' }),
  ];
});
afterAll(() => world.close());
beforeEach(async () => {
  alice = await visitor('alice');
  bob = await visitor('bob');
  for (const name of ['alice', 'bob']) await world.credentials.remove('wiki', owner(name));
  world.lines.length = 0;
});

const owner = (name: string) => ownerOf({ issuer: world.idp.issuer, subject: name });
const visitor = async (name: string): Promise<Browser> => {
  world.idp.user = { sub: name, preferred_username: name, amr: ['pwd'] };
  const browser = new Browser();
  await browser.open(world.portalUrl);
  return browser;
};
const url = (id?: string) => `${world.portalUrl}/credentials${id === undefined ? '' : `?application=${id}`}`;
const sealedTo = async (key: string) => {
  const { id, jwk } = readVaultKey(key)!;
  return new CompactEncrypt(Buffer.from('{}'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: id })
    .encrypt(await importJWK({ ...jwk }, 'ECDH-ES'));
};
const tokenOf = async (browser: Browser) => /name="token" value="([\w-]{43})"/.exec((await browser.open(url('wiki'))).text)![1]!;
const post = async (browser: Browser, fields: Record<string, string>) =>
  browser.open(url(), {
    post: {
      body: new URLSearchParams({ application: 'wiki', token: await tokenOf(browser), ...fields }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: world.portalUrl, 'sec-fetch-site': 'same-origin' },
    },
  });

test('sealed credentials are stored for this user alone, shown as entered, and removed', async () => {
  const sealed = await sealedTo(KEY);

  const saved = await post(alice, { sealed });
  const stored = await world.credentials.find('wiki', owner('alice'));

  expect(saved.text).toContain('Entered ');
  expect(stored).toEqual({ sealed, owner: owner('alice'), setBy: 'alice', setAt: world.clock, refusedAt: null });
  expect(await world.credentials.find('wiki', owner('bob'))).toBeNull();
  expect((await bob.open(url('wiki'))).text).toContain('Not entered yet');
  expect((await post(alice, { remove: 'yes' })).text).toContain('Not entered yet');
  expect(await world.credentials.find('wiki', owner('alice'))).toBeNull();
});

test('what the application refused is told, until others take its place', async () => {
  await post(alice, { sealed: await sealedTo(KEY) });
  await world.credentials.noteRefusal('wiki', (await world.credentials.find('wiki', owner('alice')))!);

  const refused = await alice.open(url('wiki'));
  const anew = await post(alice, { sealed: await sealedTo(KEY) });

  expect(refused.text).toContain('The application refused them');
  expect(anew.text).not.toContain('refused');
});

test('the list has the applications that need a password of the user’s own, and the portal leads there', async () => {
  const { text } = await alice.open(url());

  expect([...text.matchAll(/<h2>(\w+)<\/h2>/g)].map(([, name]) => name)).toEqual(['Wiki']);
  expect((await alice.open(world.portalUrl)).text).toContain('href="/credentials"');
});

describe('what is refused', () => {
  test.each<[string, () => Promise<Record<string, string>>]>([
    ['a password as it is', async () => ({ sealed: 'my password' })],
    ['nothing', async () => ({})],
    ['what is sealed to another key', async () => ({ sealed: await sealedTo(OTHER) })],
    ['a signature instead of a seal', async () => ({ sealed: `${btoa('{"alg":"HS256"}').replace(/=/g, '')}.a.b` })],
    ['a form of another browser', async () => ({ sealed: await sealedTo(KEY), token: await tokenOf(bob) })],
  ])('%s', async (_, fields) => {
    const { status } = await post(alice, await fields());

    expect(status).toBe(400);
    expect(await world.credentials.find('wiki', owner('alice'))).toBeNull();
    expect(world.lines.join()).not.toContain('my password');
  });

  test.each(['closed', 'shelf', 'plain', 'none'])('an application that takes none of this user’s: %s', async (id) => {
    const answers = [await alice.open(url(id)), await post(alice, { application: id, sealed: await sealedTo(KEY) })];

    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  });
});

test('the page allows one script and loads nothing; without scripts there is nothing to send', async () => {
  const { text, policy } = await alice.open(url('wiki'));

  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; form-action 'self';/);
  expect(text).not.toMatch(/<input id="(?:username|password)"[^>]* name=/);
  expect(text).toMatch(/<button id="save" type="submit" disabled>/);
});

test('the page’s script seals, so that jose opens it with the private key, and clears the fields', async () => {
  const submit = { listener: (_event: { preventDefault(): void }) => Promise.resolve(), sent: 0 };
  const fields: Record<string, { value: string; disabled?: boolean }> = {
    username: { value: 'älice' },
    password: { value: 'pässword – 密码' },
    sealed: { value: '' },
    save: { value: '', disabled: true },
    insecure: { value: '' },
  };
  const form = {
    dataset: { application: 'wiki', owner: owner('alice'), key: KEY, keyId: readVaultKey(KEY)!.id },
    addEventListener: (_: string, listener: typeof submit.listener) => Object.assign(submit, { listener }),
    submit: () => Object.assign(submit, { sent: submit.sent + 1 }),
  };
  const document = { getElementById: (id: string) => (id === 'credentials' ? form : fields[id]) };

  new Function('document', CREDENTIALS_SCRIPT)(document);
  await submit.listener({ preventDefault: () => undefined });

  const { kty, crv, x, y } = readVaultKey(KEY)!.jwk;
  const d = ecdh.getPrivateKey('base64url');
  const { plaintext } = await compactDecrypt(fields.sealed!.value, await importJWK({ kty, crv, x, y, d }, 'ECDH-ES'));
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({
    application: 'wiki',
    owner: owner('alice'),
    username: 'älice',
    password: 'pässword – 密码',
  });
  expect([fields.username!.value, fields.password!.value, submit.sent]).toEqual(['', '', 1]);
});
