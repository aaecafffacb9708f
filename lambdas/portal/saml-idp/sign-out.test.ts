// Signing out at one place signs out at all: the portal tells the applications one after the other, an application tells the portal, and
// whatever one of them does, the session ends.
import { createPublicKey, verify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKey, type NamedKey } from '../../directory/signing-keys.ts';
import { digest } from '../../keys.ts';
import type { Session } from '../../stores/records.ts';
import { application } from '../../stores/testing/application.ts';
import { PORTAL_COOKIE } from '../cookies.ts';
import { Browser } from '../testing/browser.ts';
import { signingKey, startWorld, type World } from '../testing/world.ts';
import {
  asForm,
  asQuery,
  entityIdOf,
  message,
  postedBy,
  publicKeyOf,
  samlApplication,
  signedXml,
  xmlOf,
} from './testing/service-provider.ts';

let world: World;
let browser: Browser;
let service: NamedKey;
let stranger: NamedKey;
let session: Session;

beforeAll(async () => {
  world = await startWorld();
  [service, stranger] = [createKey('service', world.clock), createKey('stranger', world.clock)];
});
afterAll(() => world.close());
beforeEach(async () => {
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', amr: ['pwd'] };
  const speaking = (id: string) =>
    samlApplication(id, { sloUrl: `${entityIdOf(id).slice(0, -8)}slo`, certificates: [publicKeyOf(service)] });
  world.applications = [speaking('records'), speaking('travel'), application({ id: 'wiki' })];
  browser = new Browser();
  await browser.open(world.portalUrl);
  session = (await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!)))!;
  for (const id of ['records', 'wiki'])
    await world.sessions.create({ ...session, id: `at-${id}-of-${session.id}`, host: `${id}.apps.example.com`, idToken: undefined });
});

const slo = () => `${world.portalUrl}/saml/idp/slo`;
const isExternal = (url: string) => url.includes('.apps.example.com') || url.startsWith(world.idp.issuer);
const external = (id: string, path: string) => `http://${id}.apps.example.com:${new URL(world.portalUrl).port}/${path}`;

/** Signs in there; answers what the application then knows of the session. */
const signInAt = async (id: string) => {
  const request = message('AuthnRequest', { issuer: entityIdOf(id), now: world.clock });
  const landing = await browser.open(`${world.portalUrl}/saml/idp/sso?${asQuery('SAMLRequest', request)}`);
  const xml = xmlOf(postedBy(landing)!.response);
  return { sessionIndex: /SessionIndex="([^"]*)"/.exec(xml)![1]!, nameId: /<saml:NameID[^>]*>([^<]*)/.exec(xml)![1]! };
};
type Known = Awaited<ReturnType<typeof signInAt>>;

const logoutRequest = (id: string, { sessionIndex, nameId }: Known, changes = {}) =>
  message('LogoutRequest', {
    issuer: entityIdOf(id),
    destination: slo(),
    now: world.clock,
    content: `<saml:NameID>${nameId}</saml:NameID><samlp:SessionIndex>${sessionIndex}</samlp:SessionIndex>`,
    ...changes,
  });
const tell = (query: string) => browser.open(`${slo()}?${query}`, { until: isExternal });
const signOutHere = async () => {
  const page = await browser.open(`${world.portalUrl}/sign-out`);
  const token = /name="token" value="([\w-]+)"/.exec(page.text)![1]!;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: world.portalUrl };
  const landing = await browser.open(`${world.portalUrl}/sign-out`, { until: isExternal, post: { body: `token=${token}`, headers } });
  return { page, landing };
};
/** What an address of ours carries, if we signed it. */
const told = (url: string) => {
  const { origin, pathname, search, searchParams } = new URL(url);
  const [signed = '', signature = ''] = search.slice(1).split('&Signature=');
  const key = createPublicKey(signingKey().certificate);
  if (!verify('sha256', Buffer.from(signed), key, Buffer.from(decodeURIComponent(signature), 'base64')))
    throw new Error(`Not signed: ${url}`);
  const field = searchParams.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse';
  const xml = inflateRawSync(Buffer.from(searchParams.get(field)!, 'base64')).toString();
  return { to: origin + pathname, field, xml, relayState: searchParams.get('RelayState') };
};
/** The application has done its part. */
const done = (url: string, id: string) =>
  tell(asQuery('SAMLResponse', message('LogoutResponse', { issuer: entityIdOf(id), now: world.clock }), told(url).relayState!));
const isGood = async (id: string) => (await world.sessions.find(id)) !== null;
const good = async () => [await isGood(session.id), await isGood(`at-records-of-${session.id}`), await isGood(`at-wiki-of-${session.id}`)];

describe('a sign-out in the portal', () => {
  test('tells each application in turn, and then goes to the identity provider', async () => {
    const known = { records: await signInAt('records'), travel: await signInAt('travel') };

    const { page, landing } = await signOutHere();
    const visited: string[] = [];
    let { url } = landing;
    while (!url.startsWith(world.idp.issuer)) {
      const { to, field, xml } = told(url);
      const id = to === external('records', 'slo') ? 'records' : 'travel';
      visited.push(`${field} ${to}`);
      expect(xml).toContain(`<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice</saml:NameID>`);
      expect(xml).toContain(`<samlp:SessionIndex>${known[id].sessionIndex}</samlp:SessionIndex>`);
      ({ url } = await done(url, id));
    }

    expect(visited.sort()).toEqual([`SAMLRequest ${external('records', 'slo')}`, `SAMLRequest ${external('travel', 'slo')}`]);
    expect(new URL(url).searchParams.get('id_token_hint')).toBe(session.idToken);
    expect(page.policy).toContain(`form-action 'self' https: ${world.idp.issuer} http:`);
    expect(await good()).toEqual([false, false, false]);
  });

  test('ends at once what no application needs that is told, and the rest by itself, should one keep the browser', async () => {
    await signInAt('records');

    await signOutHere();
    const meanwhile = await good();
    world.clock += 20_000;

    expect(meanwhile).toEqual([true, true, false]);
    expect(await good()).toEqual([false, false, false]);
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
  });

  test('tells those too that know the session that this one took over from', async () => {
    await signInAt('records');
    const secret = 's'.repeat(43);
    await world.sessions.create({ ...session, id: digest(secret), parent: digest(secret), previous: session.id });
    browser.setCookie(world.portalUrl, PORTAL_COOKIE, secret);

    const { landing } = await signOutHere();
    const meanwhile = await isGood(digest(secret));
    await done(landing.url, 'records');

    expect([told(landing.url).to, meanwhile]).toEqual([external('records', 'slo'), true]);
    expect([await isGood(digest(secret)), ...(await good())]).toEqual([false, false, false, false]);
  });

  test('tells nobody where the user was at no such application, or it is not to be told', async () => {
    world.applications = [samlApplication('records'), application({ id: 'wiki' })];
    await signInAt('records');

    const { landing } = await signOutHere();

    expect(landing.url.startsWith(world.idp.issuer)).toBe(true);
    expect(await good()).toEqual([false, false, false]);
  });

  test('goes on once with what the browser carries, and with nothing else', async () => {
    await signInAt('records');
    const { landing } = await signOutHere();
    await done(landing.url, 'records');

    const [again, guessed] = [await done(landing.url, 'records'), await tell(asQuery('SAMLResponse', '<x/>', 'g'.repeat(43)))];

    expect([again.status, guessed.status]).toEqual([400, 400]);
  });
});

describe('a sign-out at an application', () => {
  test.each(['address', 'form'])('by its %s ends the session here, tells the others, and is answered', async (way) => {
    const [known] = [await signInAt('records'), await signInAt('travel')];
    const xml = logoutRequest('records', known, { id: '_leave' });

    const first = await (way === 'address'
      ? tell(asQuery('SAMLRequest', xml, 'where it was', service.privateKey))
      : browser.open(slo(), { until: isExternal, ...asForm('SAMLRequest', signedXml(xml, service.privateKey), 'where it was') }));
    const { url } = await done(first.url, 'travel');

    expect(told(first.url)).toMatchObject({ to: external('travel', 'slo'), field: 'SAMLRequest' });
    expect(told(url)).toMatchObject({ to: external('records', 'slo'), field: 'SAMLResponse', relayState: 'where it was' });
    expect(told(url).xml).toContain('InResponseTo="_leave"');
    expect(told(url).xml).toContain('status:Success');
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
    // What is left is good for the application's way home, and for nothing else.
    expect(await good()).toEqual([true, true, false]);
    world.clock += 20_000;
    expect(await good()).toEqual([false, false, false]);
  });

  test('ends the session that has taken over meanwhile, when the user had to show more', async () => {
    const known = await signInAt('records');
    const newer = { ...session, id: 'newer', parent: 'newer', previous: session.id };
    await world.sessions.create(newer);

    await tell(asQuery('SAMLRequest', logoutRequest('records', known), undefined, service.privateKey));
    world.clock += 20_000;

    expect([await isGood('newer'), ...(await good())]).toEqual([false, false, false, false]);
  });

  test('of a session that is over is answered as the application wants it', async () => {
    const known = await signInAt('records');
    await world.sessions.revoke(session.id);

    const { url } = await tell(asQuery('SAMLRequest', logoutRequest('records', known), undefined, service.privateKey));

    expect(told(url)).toMatchObject({ to: external('records', 'slo'), field: 'SAMLResponse' });
  });

  test.each<[string, (known: Known) => string]>([
    ['that nobody signed', (known) => asQuery('SAMLRequest', logoutRequest('records', known))],
    ['that somebody else signed', (known) => asQuery('SAMLRequest', logoutRequest('records', known), undefined, stranger.privateKey)],
    [
      'whose signature is of another message',
      (known) => {
        const signed = asQuery('SAMLRequest', logoutRequest('records', known, { id: '_other' }), undefined, service.privateKey);
        const other = asQuery('SAMLRequest', logoutRequest('records', known));
        return other + signed.slice(signed.indexOf('&SigAlg'));
      },
    ],
    [
      'that names another user',
      (known) => asQuery('SAMLRequest', logoutRequest('records', { ...known, nameId: 'bob' }), undefined, service.privateKey),
    ],
    [
      'that was sent elsewhere',
      (known) =>
        asQuery('SAMLRequest', logoutRequest('records', known, { destination: 'https://x.example/' }), undefined, service.privateKey),
    ],
    [
      'that is old',
      (known) => asQuery('SAMLRequest', logoutRequest('records', known, { now: world.clock - 12 * 60_000 }), undefined, service.privateKey),
    ],
    [
      'of an application that is none',
      (known) => asQuery('SAMLRequest', logoutRequest('records', known, { issuer: 'https://x.example' }), undefined, service.privateKey),
    ],
  ])('%s ends nothing', async (_, query) => {
    const known = await signInAt('records');

    const { status } = await tell(query(known));

    expect(status).toBe(400);
    expect(await good()).toEqual([true, true, true]);
  });

  test('ends no session that another application knows', async () => {
    const known = await signInAt('travel');

    await tell(asQuery('SAMLRequest', logoutRequest('records', known), undefined, service.privateKey));

    expect(await good()).toEqual([true, true, true]);
  });
});
