// A SAML provider's sign-out ends what came from it and nothing else, once, and only by the provider's own word.
import { createPublicKey, verify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Session } from '../../stores/records.ts';
import { asForm, asQuery, type MessageOptions, message, newId, signedXml } from '../saml-idp/testing/service-provider.ts';
import { Browser } from '../testing/browser.ts';
import { signingKey, startWorld, type World } from '../testing/world.ts';
import { ISSUER, newKey } from './testing/saml-provider.ts';

const MINUTE_MS = 60_000;
const ANSWERS = 'https://login.example.com/saml/singleLogoutReturn?tenant=1';

let keys: ReturnType<typeof newKey>;
let strangers: ReturnType<typeof newKey>;
let world: World;
let browser: Browser;
let session: Session;
let other: Session;

beforeAll(async () => {
  [keys, strangers] = [newKey(), newKey()];
  world = await startWorld({ samlKey: keys.publicKey, samlSettings: { signOutAnswerUrl: ANSWERS } });
});
afterAll(() => world.close());
beforeEach(async () => {
  browser = new Browser();
  session = await signedIn('u-1', 's-1');
  other = await signedIn('u-2', 's-2');
  await world.sessions.create({ ...session, id: `at-wiki-of-${session.id}`, host: 'wiki.apps.example.com', idToken: undefined });
});

const signedIn = async (subject: string, providerSession: string): Promise<Session> => {
  const id = `session-${newId()}`;
  const times = { createdAt: world.clock, expiresAt: world.clock + 3_600_000, mfa: false, authenticatedAt: world.clock };
  const user = { issuer: ISSUER, subject, username: subject, name: subject, email: '', groups: [], claims: {}, amr: [] };
  const made: Session = { id, parent: id, host: null, user, ...times, providerSession };
  await world.sessions.create(made);
  return made;
};

const slo = () => `${world.portalUrl}/saml/slo`;
const nameId = (name: string) => `<saml:NameID>${name}</saml:NameID>`;
const index = (name: string) => `<samlp:SessionIndex>${name}</samlp:SessionIndex>`;
const request = (changes: Partial<MessageOptions> = {}) =>
  message('LogoutRequest', { issuer: ISSUER, destination: slo(), now: world.clock, content: nameId('u-1') + index('s-1'), ...changes });

const isAway = (url: string) => !url.startsWith(world.portalUrl);
const byAddress = (xml: string, relayState?: string, key = keys.privateKey) =>
  browser.open(`${slo()}?${asQuery('SAMLRequest', xml, relayState, key)}`, { until: isAway });
const byForm = (xml: string) => browser.open(slo(), { ...asForm('SAMLRequest', xml, 'r'), until: isAway });
const isGood = async ({ id }: Pick<Session, 'id'>) => (await world.sessions.find(id)) !== null;
const good = async () => [await isGood(session), await isGood({ id: `at-wiki-of-${session.id}` }), await isGood(other)];

describe('a signed request', () => {
  test('ends the session at the portal and at applications, and no other; the provider gets a signed answer', async () => {
    const xml = request({ id: newId() });

    const { url } = await byAddress(xml, 'as it was');

    expect(await good()).toEqual([false, false, true]);
    const [signed = '', signature = ''] = new URL(url).search.slice('?tenant=1&'.length).split('&Signature=');
    const key = createPublicKey(signingKey().certificate);
    expect(verify('sha256', Buffer.from(signed), key, Buffer.from(decodeURIComponent(signature), 'base64'))).toBe(true);
    const answer = new URL(url).searchParams;
    const response = inflateRawSync(Buffer.from(answer.get('SAMLResponse')!, 'base64')).toString();
    expect([url.startsWith(`${ANSWERS}&`), answer.get('RelayState')]).toEqual([true, 'as it was']);
    expect(response).toContain(`InResponseTo="${/ ID="([^"]*)"/.exec(xml)![1]}"`);
    expect(response).toContain(`<saml:Issuer>${world.portalUrl}/saml/metadata</saml:Issuer>`);
    expect(response).toContain('status:Success');
  });

  test('may come in a form', async () => {
    await byForm(signedXml(request(), keys.privateKey));

    expect(await good()).toEqual([false, false, true]);
  });

  test('without a session ends all of the user’s', async () => {
    const second = await signedIn('u-1', 's-9');

    await byAddress(request({ content: nameId('u-1') }));

    expect([...(await good()), await isGood(second)]).toEqual([false, false, true, false]);
  });

  test('may name several sessions', async () => {
    const second = await signedIn('u-1', 's-9');

    await byAddress(request({ content: nameId('u-1') + index('s-1') + index('s-9') }));

    expect([...(await good()), await isGood(second)]).toEqual([false, false, true, false]);
  });

  test('is good until its own end, by clocks that differ by a minute at most', async () => {
    const until = (at: number) => ({ attributes: ` NotOnOrAfter="${new Date(at).toISOString()}"` });

    const late = await byAddress(request(until(world.clock - MINUTE_MS)));
    expect([late.status, ...(await good())]).toEqual([400, true, true, true]);

    await byAddress(request(until(world.clock - MINUTE_MS + 1)));
    expect(await good()).toEqual([false, false, true]);
  });

  test('of a session that we have not is answered as one that we have', async () => {
    const { url } = await byAddress(request({ content: nameId('u-1') + index('s-unknown') }));

    expect(url.startsWith(ANSWERS)).toBe(true);
    expect(await good()).toEqual([true, true, true]);
  });

  test('is told of in the audit', async () => {
    await byAddress(request());

    expect(world.lines.some((line) => line.includes('sign-out.by-provider') && line.includes('"u-1"'))).toBe(true);
  });
});

describe('what ends nothing', () => {
  const wrapped = () => {
    const signed = signedXml(request({ id: '_signed', content: nameId('nobody') }), keys.privateKey);
    const signature = /<Signature[\s\S]*<\/Signature>/.exec(signed)![0];
    return request({
      id: '_signed',
      content: `${signature.replace('</Signature>', `<Object>${signed.replace(signature, '')}</Object></Signature>`)}${nameId('u-1')}`,
    });
  };
  const soon = () => new Date(world.clock - 2 * MINUTE_MS).toISOString();

  test.each<[string, () => ReturnType<typeof byForm>]>([
    ['no signature, in the address', () => browser.open(`${slo()}?${asQuery('SAMLRequest', request())}`)],
    ['no signature, in a form', () => byForm(request())],
    ['another’s signature, in the address', () => byAddress(request(), undefined, strangers.privateKey)],
    ['another’s signature, in a form', () => byForm(signedXml(request(), strangers.privateKey))],
    [
      'changed after it was signed',
      () => byForm(signedXml(request({ content: nameId('u-9') }), keys.privateKey).replace('>u-9<', '>u-1<')),
    ],
    [
      'a RelayState that was not signed',
      () => browser.open(`${slo()}?${asQuery('SAMLRequest', request(), undefined, keys.privateKey)}&RelayState=x`),
    ],
    ['wrapped around a signed one', () => byForm(wrapped())],
    ['another issuer', () => byAddress(request({ issuer: 'https://evil.example/metadata' }))],
    ['for another address of ours', () => byAddress(request({ destination: `${world.portalUrl}/saml/idp/slo` }))],
    ['for nobody in particular', () => byAddress(request({ destination: undefined }))],
    ['old', () => byAddress(request({ now: world.clock - 20 * MINUTE_MS }))],
    ['of the future', () => byAddress(request({ now: world.clock + 5 * MINUTE_MS }))],
    ['past its own end', () => byAddress(request({ attributes: ` NotOnOrAfter="${soon()}"` }))],
    ['an end that is no time', () => byAddress(request({ attributes: ' NotOnOrAfter="soon"' }))],
    ['nobody named', () => byAddress(request({ content: index('s-1') }))],
    ['two named', () => byAddress(request({ content: nameId('u-2') + nameId('u-1') + index('s-1') }))],
    ['a comment in the name', () => byAddress(request({ content: `${nameId('u-1<!-- -->.evil')}${index('s-1')}` }))],
    ['entities', () => byForm(`<!DOCTYPE r [<!ENTITY n "u-1">]>${request({ content: nameId('&n;') })}`)],
    [
      'a response in its place',
      () =>
        browser.open(
          `${slo()}?${asQuery('SAMLRequest', message('LogoutResponse', { issuer: ISSUER, now: world.clock }), undefined, keys.privateKey)}`,
        ),
    ],
  ])('%s', async (_, bring) => {
    const { status, text } = await bring();

    expect([status, text.includes('ERR_REQUEST_INVALID')]).toEqual([400, true]);
    expect(await good()).toEqual([true, true, true]);
  });

  test('another user’s name with this session', async () => {
    await byAddress(request({ content: nameId('u-2') + index('s-1') }));

    expect(await good()).toEqual([true, true, true]);
  });

  test.each(['in the address', 'in a form'])('the same request once more, %s', async (how) => {
    const xml = request({ content: nameId('u-1') });
    const bring = () => (how === 'in a form' ? byForm(signedXml(xml, keys.privateKey)) : byAddress(xml));
    await bring();
    session = await signedIn('u-1', 's-3');

    const { status, text } = await bring();

    expect([status, text.includes('brought before'), await isGood(session)]).toEqual([400, true, true]);
  });

  test('an answer to a sign-out that we began: it leads to our own page, wherever it came from', async () => {
    const xml = message('LogoutResponse', { issuer: 'https://evil.example/', now: world.clock });

    const { url } = await browser.open(`${slo()}?${asQuery('SAMLResponse', xml, 'https://evil.example/')}`);

    expect(url).toBe(`${world.portalUrl}/signed-out`);
    expect(await good()).toEqual([true, true, true]);
  });
});
