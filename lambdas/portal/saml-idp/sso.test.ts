// Applications that speak SAML, signed in to at the portal: what they ask is heeded, and what they are answered is understood by node-saml.
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NamedKey } from '../../directory/signing-keys.ts';
import { createKey } from '../../directory/signing-keys.ts';
import type { SamlSignOn } from '../../stores/records.ts';
import { Browser, type Landing } from '../testing/browser.ts';
import { signingKey, startWorld, type World } from '../testing/world.ts';
import {
  asForm,
  asQuery,
  entityIdOf,
  type MessageOptions,
  message,
  postedBy,
  publicKeyOf,
  samlApplication,
  signedXml,
  understood,
  xmlOf,
} from './testing/service-provider.ts';

const MFA = 'https://refeds.org/profile/mfa';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

let world: World;
let browser: Browser;
let service: NamedKey;

beforeAll(async () => {
  world = await startWorld();
  service = createKey('service', world.clock);
});
afterAll(() => world.close());
beforeEach(() => {
  world.idp.user = {
    sub: 'a-1',
    preferred_username: 'alice',
    name: 'Alice',
    email: 'alice@example.com',
    groups: ['app-a', 'staff'],
    amr: ['pwd'],
  };
  publish();
  browser = new Browser();
});

const publish = (signOn: Partial<SamlSignOn> = {}, changes = {}): void => {
  world.applications = [samlApplication('records', signOn, changes)];
};
const external = (path: string) => `http://records.apps.example.com:${new URL(world.portalUrl).port}/${path}`;
const request = (changes: Partial<MessageOptions> = {}) =>
  message('AuthnRequest', { issuer: entityIdOf('records'), destination: `${world.portalUrl}/saml/idp/sso`, now: world.clock, ...changes });
const ask = (changes: Partial<MessageOptions> = {}, relayState = 'state of its own & more'): Promise<Landing> =>
  browser.open(`${world.portalUrl}/saml/idp/sso?${asQuery('SAMLRequest', request(changes), relayState)}`);
const reader = (acsUrl = external('acs')) => ({
  certificate: signingKey().certificate,
  entityId: entityIdOf('records'),
  acsUrl,
  portalUrl: world.portalUrl,
});
const read = (landing: Landing) => understood(reader(), postedBy(landing)!.response);

describe('an application that asks', () => {
  test('is told who the user is, once they have signed in, and by a form that leads to it alone', async () => {
    const landing = await ask({ id: '_asked' });

    const { action, relayState } = postedBy(landing)!;
    const profile = await read(landing);
    expect([action, relayState]).toEqual([external('acs'), 'state of its own & more']);
    expect(profile).toMatchObject({ nameID: 'alice', inResponseTo: '_asked', issuer: `${world.portalUrl}/saml/idp/metadata` });
    expect(landing.trail.some((url) => url.startsWith(world.idp.issuer))).toBe(true);
    expect(landing.policy).toMatch(/script-src 'sha256-[^']+'; form-action 'self' http: https:;/);
    // Else its `Origin` would be null there, as that of a page that hides where it comes from.
    expect(landing.referrerPolicy).toBe('strict-origin');
  });

  test('is told until when that is good: two minutes, and the session until it ends here', async () => {
    await ask({ id: '_asked' });
    const [session] = await world.sessions.withHandle({ username: 'alice' });
    world.clock += 1_234_567;

    const xml = xmlOf(postedBy(await ask({ id: '_asked-later' }))!.response);

    const instant = (at: number) => new Date(at).toISOString();
    const times = (name: string) => [...xml.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, time]) => time);
    expect(times('SessionNotOnOrAfter')).toEqual([instant(session!.expiresAt)]);
    expect(times('NotOnOrAfter')).toEqual([instant(world.clock + 120_000), instant(world.clock + 120_000)]);
    expect(times('NotBefore')).toEqual([instant(world.clock - 30_000)]);
    expect(times('AuthnInstant')).toEqual([instant(session!.authenticatedAt ?? session!.createdAt)]);
    expect(times('IssueInstant')).toEqual([instant(world.clock), instant(world.clock)]);
    expect(times('InResponseTo')).toEqual(['_asked-later', '_asked-later']);
    expect(times('Recipient').concat(times('Destination'))).toEqual([external('acs'), external('acs')]);
  });

  test('by a form is answered as by an address, and who is signed in is not asked again', async () => {
    await browser.open(world.portalUrl);

    const landing = await browser.open(`${world.portalUrl}/saml/idp/sso`, asForm('SAMLRequest', request(), 'x'));

    expect((await read(landing)).nameID).toBe('alice');
    expect(landing.trail).toHaveLength(1);
  });

  test.each([
    ['by its address', () => ` AssertionConsumerServiceURL="${external('second-acs')}"`],
    ['by its index', () => ' AssertionConsumerServiceIndex="1"'],
  ])('is answered where it chooses %s', async (_, attributes) => {
    const { action, response } = postedBy(await ask({ attributes: attributes() }))!;

    expect(action).toBe(external('second-acs'));
    await expect(understood(reader(external('second-acs')), response)).resolves.toMatchObject({ nameID: 'alice' });
  });

  test.each(['address', 'form'])('that signs its %s is heard where it must', async (way) => {
    publish({ certificates: [publicKeyOf(service)], requireSignedRequests: true });
    const xml = request();

    const landing = await (way === 'address'
      ? browser.open(`${world.portalUrl}/saml/idp/sso?${asQuery('SAMLRequest', xml, 'x', service.privateKey)}`)
      : browser.open(`${world.portalUrl}/saml/idp/sso`, asForm('SAMLRequest', signedXml(xml, service.privateKey))));

    expect((await read(landing)).nameID).toBe('alice');
  });

  test('gets its assertion encrypted where it wants that, and nobody else reads it', async () => {
    publish({ encryption: { certificate: service.certificate, algorithm: 'aes256-gcm' } });

    const { response } = postedBy(await ask())!;

    expect(xmlOf(response)).not.toMatch(/alice|NameID/);
    await expect(understood({ ...reader(), decryptionKey: service.privateKey }, response)).resolves.toMatchObject({ nameID: 'alice' });
    await expect(understood({ ...reader(), decryptionKey: signingKey().privateKey }, response)).rejects.toThrow();
  });

  test('is told attributes as the tenant file says, several groups as several values, and odd characters as they are', async () => {
    world.idp.user = { ...world.idp.user, name: `<b x='1'>"&amp;</b> é` };
    publish({ attributes: { cn: '{name}', roles: '{groups|starting(app-)}', all: '{groups}', lacking: '{nothing}' } });

    const landing = await ask();

    expect((await read(landing)).attributes).toEqual({ cn: `<b x='1'>"&amp;</b> é`, roles: 'app-a', all: ['app-a', 'staff'] });
  });

  test('knows a user for good by a persistent name, which another application does not share', async () => {
    const persistent = { nameId: { format: 'persistent', value: null } } as const;
    publish(persistent);
    const [first, second] = [await read(await ask()), await read(await ask())];
    world.applications = [samlApplication('records', { ...persistent, entityId: 'https://another.example' })];
    const { response } = postedBy(await ask({ issuer: 'https://another.example' }))!;
    const other = await understood({ ...reader(), entityId: 'https://another.example' }, response);

    expect(first.nameIDFormat).toBe(PERSISTENT);
    expect([second.nameID, first.nameID]).toEqual([first.nameID, expect.stringMatching(/^[\w-]{43}$/)]);
    expect(other.nameID).not.toBe(first.nameID);
  });

  test('knows nobody by a transient name', async () => {
    publish({ nameId: { format: 'transient', value: null } });

    const [first, second] = [await read(await ask()), await read(await ask())];

    expect(first.nameID).not.toBe(second.nameID);
  });

  test('gets nobody who lacks the claim that it knows users by', async () => {
    publish({ nameId: { format: 'emailAddress', value: '{department}' } });

    const landing = await ask();

    expect([landing.status, postedBy(landing)]).toEqual([403, null]);
    expect(landing.text).toContain('ERR_IDENTITY_REFUSED');
  });
});

describe('what an application asks for besides', () => {
  const context = async (landing: Landing) => /<saml:AuthnContextClassRef>([^<]*)/.exec(xmlOf(postedBy(landing)!.response))?.[1];

  test('a new sign-in sends the user to the provider, who asks them', async () => {
    await browser.open(world.portalUrl);

    const landing = await ask({ attributes: ' ForceAuthn="true"' });

    const asked = landing.trail.find((url) => url.startsWith(world.idp.issuer))!;
    expect(new URL(asked).searchParams.get('max_age')).toBe('60');
    expect((await read(landing)).nameID).toBe('alice');
  });

  test('a second factor is asked for at the provider, and told of', async () => {
    await browser.open(world.portalUrl);
    const content = `<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>${MFA}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>`;
    const without = await ask({ content });
    world.idp.user = { ...world.idp.user!, amr: ['pwd', 'mfa'], acr: 'mfa' };

    const landing = await ask({ content });

    expect([postedBy(without), without.text]).toEqual([null, expect.stringContaining('ERR_STEP_UP_FAILED')]);
    expect(await context(landing)).toBe(MFA);
  });

  test('a password is told of where the provider tells of it, and nothing otherwise', async () => {
    const known = await context(await ask());
    world.idp.user = { ...world.idp.user!, sub: 'a-2', amr: [] };
    browser = new Browser();

    expect([known, await context(await ask())]).toEqual([
      'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified',
    ]);
  });

  test('no question to the user is answered without one', async () => {
    const passive = { attributes: ' IsPassive="true"' };
    const stranger = postedBy(await ask(passive))!;
    await browser.open(world.portalUrl);

    expect(xmlOf(stranger.response)).toContain('urn:oasis:names:tc:SAML:2.0:status:NoPassive');
    expect(xmlOf(stranger.response)).not.toContain('Assertion ');
    expect((await read(await ask(passive))).nameID).toBe('alice');
  });
});

describe('what the tenant says of the application', () => {
  test('access is asked of SAML as of every request', async () => {
    publish({}, { access: { users: ['bob'], groups: [] } });

    const landing = await ask();

    expect([landing.status, postedBy(landing)]).toEqual([403, null]);
    expect(landing.text).toContain('ERR_ACCESS_DENIED');
  });

  test('a condition that the user can meet sends them to the provider first', async () => {
    const require = { mfa: true } as never;
    publish({}, { conditions: [{ name: 'A second factor', paths: [], methods: [], require, refuse: null }] });
    world.idp.user = { ...world.idp.user!, amr: ['pwd', 'mfa'], acr: 'mfa' };

    const landing = await ask();

    expect((await read(landing)).nameID).toBe('alice');
  });
});

describe('a sign-in that the portal begins', () => {
  const start = (site: string | undefined) =>
    new Browser(site === undefined ? {} : { 'sec-fetch-site': site }).open(`${world.portalUrl}/saml/idp/start?application=records`);

  test('is where the portal’s link leads, for an application that takes it', async () => {
    publish({ unsolicited: true }, { homePath: 'start?a=1' });
    browser = new Browser({ 'sec-fetch-site': 'same-origin' });
    const { text } = await browser.open(world.portalUrl);
    const [, link] = /<a class="application" href="([^"]*)"/.exec(text)!;

    const landing = await browser.open(new URL(link!, world.portalUrl).href);

    const profile = await read(landing);
    expect([profile.nameID, profile.inResponseTo]).toEqual(['alice', undefined]);
    expect(postedBy(landing)).toMatchObject({ action: external('acs'), relayState: external('start?a=1') });
  });

  test('leads nowhere for an application that asks by itself', async () => {
    const landing = await start('same-origin');

    expect([landing.status, postedBy(landing)]).toEqual([400, null]);
  });

  test.each(['cross-site', 'same-site', undefined])('from a page of %s is asked of the user first', async (site) => {
    publish({ unsolicited: true });

    const landing = await start(site);

    expect([landing.status, postedBy(landing)]).toEqual([200, null]);
    expect(landing.text).toContain('You are about to be signed in to');
  });

  test('that somebody else began, and lures a user into, is none of the user’s', async () => {
    publish({ unsolicited: true });
    const attacker = new Browser({ 'sec-fetch-site': 'same-origin' });
    const { url } = await attacker.open(`${world.portalUrl}/saml/idp/start?application=records`, {
      until: (to) => to.includes('/saml/idp/answer'),
    });
    world.idp.user = { ...world.idp.user!, sub: 'a-2' };
    await browser.open(world.portalUrl);

    const landing = await browser.open(url);

    expect(url).toContain('/saml/idp/answer?ask=');
    expect([landing.status, postedBy(landing)]).toEqual([400, null]);
  });

  test('goes on when the user says so, and by the form of our own page alone', async () => {
    publish({ unsolicited: true });
    const url = `${world.portalUrl}/saml/idp/start?application=records`;
    const { text } = await browser.open(url);
    const [, token = ''] = /name="token" value="([\w-]+)"/.exec(text) ?? [];
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: world.portalUrl };
    const say = (body: string, origin = world.portalUrl) => browser.open(url, { post: { body, headers: { ...headers, origin } } });

    expect((await read(await say(`token=${token}`))).nameID).toBe('alice');
    for (const landing of [await say('token=guessed'), await say(`token=${token}`, 'https://elsewhere.example')])
      expect([landing.status, postedBy(landing)]).toEqual([400, null]);
  });
});

test('the metadata has the certificates of all keys, and the addresses', async () => {
  const { text } = await browser.open(`${world.portalUrl}/saml/idp/metadata`);

  const [, certificate = ''] = /<ds:X509Certificate>([^<]+)/.exec(text) ?? [];
  expect(new X509Certificate(Buffer.from(certificate, 'base64')).toString()).toBe(signingKey().certificate);
  expect(text).toContain(`entityID="${world.portalUrl}/saml/idp/metadata"`);
  expect([...text.matchAll(/<(\w+Service) [^>]*Location="([^"]*)"/g)].map(([, name, url]) => `${name} ${url}`)).toEqual([
    `SingleLogoutService ${world.portalUrl}/saml/idp/slo`,
    `SingleLogoutService ${world.portalUrl}/saml/idp/slo`,
    `SingleSignOnService ${world.portalUrl}/saml/idp/sso`,
    `SingleSignOnService ${world.portalUrl}/saml/idp/sso`,
  ]);
});
