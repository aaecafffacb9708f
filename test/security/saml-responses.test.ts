// What a SAML provider's page brings is the browser's word: forged, wrapped, replayed or meant for somebody else, it signs nobody in.
import { createPublicKey, verify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKey } from '../../lambdas/directory/signing-keys.ts';
import type { IdentityProvider, SignedIn } from '../../lambdas/portal/ports.ts';
import { createSamlProvider } from '../../lambdas/portal/saml/provider.ts';
import {
  assertion,
  newKey,
  type ResponseOptions,
  respond,
  SHA1,
  type Signing,
  settingsFor,
} from '../../lambdas/portal/saml/testing/saml-provider.ts';

const PORTAL = 'https://portal.example.com';
const CHECKS = { state: 'sealed', nonce: 'n'.repeat(43), verifier: '' };
const MINUTE_MS = 60_000;

let keys: ReturnType<typeof newKey>;
let next: ReturnType<typeof newKey>;
let others: ReturnType<typeof newKey>;
let provider: IdentityProvider;
let clock: number;
let genuine: ResponseOptions;

beforeAll(() => {
  [keys, next, others] = [newKey(), newKey(), newKey()];
});
beforeEach(() => {
  clock = Date.UTC(2027, 0, 15);
  const used = new Set<string>();
  provider = createSamlProvider({
    profile: settingsFor([keys.publicKey, next.publicKey]),
    portalUrl: PORTAL,
    samlSecret: async () => '',
    sessions: { takeAssertion: async (id) => !used.has(id) && used.add(id) !== undefined },
    now: () => clock,
  });
  genuine = { portalUrl: PORTAL, requestId: `_${CHECKS.nonce}`, now: clock };
});

const redeem = (encoded: string): Promise<SignedIn> => provider.redeem(new URLSearchParams({ SAMLResponse: encoded }), CHECKS);
const bring = (changes: Partial<ResponseOptions> = {}, signing: Partial<Signing> = {}) =>
  redeem(respond({ ...genuine, ...changes }, { key: keys.privateKey, ...signing }));
const refusal = (why: RegExp) => ({ code: 'ERR_IDENTITY_REFUSED', message: expect.stringMatching(why) });

describe('an honest response', () => {
  test('tells who the user is', async () => {
    const { claims } = await bring();

    expect(claims).toMatchObject({ iss: genuine.issuer ?? provider.profile.issuer, sub: 'u-1', uid: 'dwho', cn: 'Doctor Who' });
    expect(claims).toMatchObject({ groups: ['users', 'timelords'], sid: 's-1', auth_time: clock / 1000 });
  });

  test('is taken with either key while the provider changes its key', async () => {
    await expect(bring({}, { key: next.privateKey })).resolves.toBeDefined();
  });

  test('has no attribute that passes for what the assertion itself says', async () => {
    const { claims } = await bring({
      attributes: { uid: ['x'], iss: ['https://evil.example'], sub: ['admin'], amr: ['mfa'], acr: ['urn:example:two-factors'], sid: ['z'] },
    });

    expect(claims).toMatchObject({ iss: provider.profile.issuer, sub: 'u-1', sid: 's-1' });
    expect([claims.amr, claims.acr]).toEqual([undefined, 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password']);
  });
});

describe('signatures', () => {
  test('nothing signed', async () => {
    await expect(bring({}, { sign: 'nothing' })).rejects.toMatchObject(refusal(/signature/));
  });

  test('the response signed, its assertion not', async () => {
    await expect(bring({}, { sign: 'response' })).rejects.toMatchObject(refusal(/signature/));
  });

  test('signed with another key', async () => {
    await expect(bring({}, { key: others.privateKey })).rejects.toMatchObject(refusal(/signature/));
  });

  test('signed with SHA-1', async () => {
    await expect(bring({}, { algorithms: SHA1 })).rejects.toMatchObject(refusal(/SHA-256/));
  });

  test('SHA-1 written with a character reference', async () => {
    const after = (xml: string) => xml.replace('#rsa-sha1', '#rsa-sha&#49;');

    await expect(bring({}, { algorithms: SHA1, after })).rejects.toMatchObject(refusal(/not good enough/));
  });

  test.each([
    ['the name', (xml: string) => xml.replace('>u-1<', '>admin<')],
    ['an attribute', (xml: string) => xml.replace('>dwho<', '>admin<')],
    ['the audience', (xml: string) => xml.replace('/saml/metadata</saml:Audience>', '/saml/other</saml:Audience>')],
    ['the signature, taken out', (xml: string) => xml.replace(/<Signature[\s\S]*<\/Signature>/, '')],
  ])('%s changed after it was signed', async (_what, after) => {
    await expect(bring({}, { after })).rejects.toMatchObject(refusal(/signature/));
  });
});

describe('signature wrapping: a forged assertion beside the signed one', () => {
  const forged = () => assertion({ ...genuine, id: '_forged', nameId: 'admin', attributes: { uid: ['admin'] } });
  const own = (xml: string) => /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml)![0];
  const signatureOf = (xml: string) => /<Signature[\s\S]*<\/Signature>/.exec(xml)![0];
  const intoForged = (content: string) => forged().replace('</saml:Issuer>', `</saml:Issuer>${content}`);
  const VARIANTS: Readonly<Record<string, (xml: string) => string>> = {
    'the whole response inside the signature of a forged one': (xml) =>
      xml.replace(own(xml), intoForged(signatureOf(xml).replace('</Signature>', `<Object>${xml}</Object></Signature>`))),
    'the signed response before a forged one': (xml) => xml.replace('<samlp:Status>', `${xml}<samlp:Status>`).replace(own(xml), forged()),
    'forged before signed': (xml) => xml.replace(own(xml), forged() + own(xml)),
    'forged after signed': (xml) => xml.replace(own(xml), own(xml) + forged()),
    'signed inside forged': (xml) => xml.replace(own(xml), intoForged(own(xml))),
    'forged with the signature, the signed one without it behind': (xml) =>
      xml.replace(own(xml), intoForged(signatureOf(xml)) + own(xml).replace(signatureOf(xml), '')),
    'signed one inside the signature of the forged one': (xml) =>
      xml.replace(own(xml), intoForged(signatureOf(xml).replace('</Signature>', `${own(xml).replace(signatureOf(xml), '')}</Signature>`))),
    'forged in an extension before the signed one': (xml) =>
      xml.replace(own(xml), `<samlp:Extensions>${forged()}</samlp:Extensions>${own(xml)}`),
    'signed one as an object of the forged one’s signature': (xml) =>
      xml.replace(
        own(xml),
        intoForged(signatureOf(xml).replace('</Signature>', `<Object>${own(xml).replace(signatureOf(xml), '')}</Object></Signature>`)),
      ),
    'both with the same id': (xml) => xml.replace(own(xml), own(xml) + forged().replace('_forged', '_assertion-1')),
    'forged under another prefix': (xml) =>
      xml.replace(own(xml), own(xml) + forged().replaceAll('saml:', 'x:').replace('xmlns:saml', 'xmlns:x')),
  };

  test.each(Object.entries(VARIANTS))('%s', async (_name, after) => {
    await expect(bring({}, { after })).rejects.toMatchObject({ code: 'ERR_IDENTITY_REFUSED' });
  });

  test('the pen that forges writes what would be taken if it were signed', async () => {
    await expect(bring({ id: '_forged', nameId: 'admin', attributes: { uid: ['admin'] } })).resolves.toMatchObject({
      claims: { sub: 'admin' },
    });
  });
});

describe('XML that is more than elements and text', () => {
  test.each([
    ['a comment in the name', (xml: string) => xml.replace('>u-1<', '>u-1<!-- -->.evil<')],
    ['a document type', (xml: string) => `<!DOCTYPE samlp:Response>${xml}`],
    ['an entity', (xml: string) => `<!DOCTYPE r [<!ENTITY who "admin">]>${xml.replace('>u-1<', '>&who;<')}`],
    ['an external entity', (xml: string) => `<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>${xml.replace('>u-1<', '>&f;<')}`],
    ['entities of entities', (xml: string) => `<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;&a;">]>${xml}`],
    ['CDATA', (xml: string) => xml.replace('>u-1<', '><![CDATA[admin]]><')],
    ['a processing instruction', (xml: string) => xml.replace('>u-1<', '>u-1<?x y?><')],
  ])('%s', async (_what, after) => {
    await expect(bring({}, { after })).rejects.toMatchObject(refusal(/more than elements and text/));
  });

  test('a comment that the provider signed with the name', async () => {
    await expect(bring({ nameId: 'admin<!-- -->.evil' })).rejects.toMatchObject(refusal(/more than elements and text/));
  });

  test.each([
    ['nothing', ''],
    ['no Base64', '<samlp:Response/>'],
    ['no XML', Buffer.from('hello').toString('base64')],
    ['UTF-16', Buffer.from('<samlp:Response/>', 'utf16le').toString('base64')],
    ['another message', Buffer.from('<samlp:LogoutResponse ID="_1"/>').toString('base64')],
    [
      'a response without an assertion',
      Buffer.from('<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>').toString('base64'),
    ],
    ['more than any user has groups', Buffer.alloc(600 * 1024, 'a').toString('base64')],
  ])('%s', async (_what, encoded) => {
    await expect(redeem(encoded)).rejects.toMatchObject({ code: 'ERR_IDENTITY_REFUSED' });
  });
});

describe('a good assertion that is not for us, not for now, or not for this sign-in', () => {
  test.each<[string, Partial<ResponseOptions>, RegExp]>([
    ['for another audience', { audience: 'https://other.example.com/saml/metadata' }, /audience/],
    ['for another recipient', { recipient: 'https://other.example.com/callback/main' }, /recipient/],
    ['for another of our own addresses', { recipient: `${PORTAL}/callback/second` }, /recipient/],
    ['sent to another address', { destination: 'https://other.example.com/callback/main' }, /another address/],
    ['of another provider', { issuer: 'https://evil.example/saml' }, /another provider/],
    ['in answer to another sign-in', { requestId: `_${'o'.repeat(43)}` }, /does not answer this sign-in/],
    ['in answer to none (begun at the provider)', { requestId: null }, /does not answer this sign-in/],
    ['with a name that changes each time', { nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }, /persistent/],
    ['that names nobody', { nameId: '' }, /names nobody/],
  ])('%s', async (_what, changes, why) => {
    await expect(bring(changes)).rejects.toMatchObject(refusal(why));
  });

  test('expired, beyond what clocks differ by', async () => {
    const encoded = respond({ ...genuine, lifetimeMs: MINUTE_MS }, { key: keys.privateKey });

    clock += 2 * MINUTE_MS;

    await expect(redeem(encoded)).rejects.toMatchObject(refusal(/expired/));
  });

  test('not good yet', async () => {
    await expect(bring({ now: clock + 2 * MINUTE_MS })).rejects.toMatchObject(refusal(/not good yet/));
  });

  test('brought twice', async () => {
    const encoded = respond(genuine, { key: keys.privateKey });
    await redeem(encoded);

    await expect(redeem(encoded)).rejects.toMatchObject(refusal(/used before/));
  });
});

describe('what is asked of the provider', () => {
  const NOTHING = { stepUp: null, loginHint: null, domainHint: null };
  const requestOf = (url: string) => inflateRawSync(Buffer.from(new URL(url).searchParams.get('SAMLRequest')!, 'base64')).toString();

  test('a request names us, where to answer, and the sign-in that it belongs to', async () => {
    const url = await provider.signInUrl(CHECKS, NOTHING);

    // 80 bytes at most (SAML 2.0 Bindings §3.4.3).
    expect(new URL(url).searchParams.get('RelayState')).toMatch(/^[\w-]{43}$/);
    expect(requestOf(url)).toMatch(`ID="_${CHECKS.nonce}"`);
    expect(requestOf(url)).toContain(`AssertionConsumerServiceURL="${PORTAL}/callback/main"`);
    expect(requestOf(url)).toContain(`${PORTAL}/saml/metadata</saml:Issuer>`);
    expect(requestOf(url)).not.toMatch(/ForceAuthn|RequestedAuthnContext/);
  });

  test('is signed where the provider wants that, by the key of our metadata', async () => {
    const key = createKey('main', clock);
    const signing = createSamlProvider({
      profile: settingsFor([keys.publicKey], { signRequests: true }),
      portalUrl: PORTAL,
      sessions: { takeAssertion: async () => true },
      samlSecret: async () => JSON.stringify({ keys: [key] }),
      now: () => clock,
    });
    const { idToken } = await bring();
    const isSigned = (url: string): boolean => {
      const [signed = '', signature = ''] = new URL(url).search.slice(1).split('&Signature=');
      return verify('sha256', Buffer.from(signed), createPublicKey(key.certificate), Buffer.from(decodeURIComponent(signature), 'base64'));
    };

    const urls = [
      await signing.signInUrl(CHECKS, NOTHING),
      (await signing.signOutUrl(idToken))!,
      await provider.signInUrl(CHECKS, NOTHING),
    ];

    expect(urls.map(isSigned)).toEqual([true, true, false]);
  });

  test('a step-up asks the user to show anew who they are, by two factors', async () => {
    const url = await provider.signInUrl(CHECKS, { ...NOTHING, stepUp: { mfa: true, withinSeconds: null } });

    expect(requestOf(url)).toContain('ForceAuthn="true"');
    expect(requestOf(url)).toContain('urn:example:two-factors</saml:AuthnContextClassRef>');
  });

  test('a sign-out names the user and the session as the provider did', async () => {
    const { idToken } = await bring();

    const url = await provider.signOutUrl(idToken);

    expect(requestOf(url!)).toMatch(/<saml:NameID Format="[^"]+:persistent">u-1<\/saml:NameID>/);
    expect(requestOf(url!)).toContain('>s-1</saml2p:SessionIndex>');
  });
});
