// What applications that speak SAML send comes by way of the browser: forged, changed, sent on or brought again, it has nobody told of to
// anyone else; and whatever a user is called, it is read as it was written.
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKey, type NamedKey } from '../../lambdas/directory/signing-keys.ts';
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
} from '../../lambdas/portal/saml-idp/testing/service-provider.ts';
import { Browser, type Landing } from '../../lambdas/portal/testing/browser.ts';
import { signingKey, startWorld, type World } from '../../lambdas/portal/testing/world.ts';
import type { SamlSignOn } from '../../lambdas/stores/records.ts';

let world: World;
let browser: Browser;
let service: NamedKey;
let stranger: NamedKey;

beforeAll(async () => {
  world = await startWorld();
  [service, stranger] = [createKey('service', world.clock), createKey('stranger', world.clock)];
});
afterAll(() => world.close());
beforeEach(async () => {
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', name: 'Alice', amr: ['pwd'] };
  publish();
  browser = new Browser();
  await browser.open(world.portalUrl);
});

const publish = (signOn: Partial<SamlSignOn> = {}): void => {
  world.applications = [samlApplication('records', signOn), samlApplication('travel', { certificates: [publicKeyOf(service)] })];
};
const signing = () => publish({ certificates: [publicKeyOf(service)], requireSignedRequests: true });
const sso = () => `${world.portalUrl}/saml/idp/sso`;
const request = (changes: Partial<MessageOptions> = {}) =>
  message('AuthnRequest', { issuer: entityIdOf('records'), destination: sso(), now: world.clock, ...changes });
const byAddress = (query: string) => browser.open(`${sso()}?${query}`);
const byForm = (xml: string) => browser.open(sso(), asForm('SAMLRequest', xml));
const send = (changes: Partial<MessageOptions>) => byAddress(asQuery('SAMLRequest', request(changes)));

const expectRefused = (landing: Landing, why: RegExp): void => {
  expect([landing.status, postedBy(landing), landing.trail.length]).toEqual([400, null, 1]);
  expect(landing.text.replaceAll('&#39;', "'")).toMatch(why);
};

describe('where an answer goes', () => {
  test.each([
    ['somebody else’s site', 'https://evil.example/acs'],
    ['a longer address', 'ACS/further'],
    ['an address with a query', 'ACS?x=1'],
    ['another spelling', 'ACS/../acs'],
    ['another application', 'http://travel.apps.example.com:PORT/acs'],
    ['another port', 'http://records.apps.example.com:1/acs'],
    ['a script', 'javascript:alert(1)'],
    ['a host in front of ours', 'http://records.apps.example.com:PORT@evil.example/acs'],
  ])('is not %s', async (_, address) => {
    const { port } = new URL(world.portalUrl);
    const url = address.replace('ACS', `http://records.apps.example.com:${port}/acs`).replace('PORT', port);

    expectRefused(await send({ attributes: ` AssertionConsumerServiceURL="${url}"` }), /none of singleSignOn.acsUrls/);
  });

  test('is no index that there is not, and not two places', async () => {
    for (const index of ['2', '-1', 'constructor', '0.5'])
      expectRefused(await send({ attributes: ` AssertionConsumerServiceIndex="${index}"` }), /none of singleSignOn.acsUrls/);
    const both = ` AssertionConsumerServiceIndex="0" AssertionConsumerServiceURL="http://records.apps.example.com/acs"`;
    expectRefused(await send({ attributes: both }), /by address and by index/);
  });

  test('is no other binding', async () => {
    const binding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact';

    expectRefused(await send({ attributes: ` ProtocolBinding="${binding}"` }), /ProtocolBinding/);
  });
});

describe('a request', () => {
  test.each<[string, () => Partial<MessageOptions>, RegExp]>([
    ['of nobody we know', () => ({ issuer: 'https://evil.example' }), /Issuer/],
    [
      'of an application that is named in a comment',
      () => ({ issuer: `${entityIdOf('records')}<!-- .evil.example -->` }),
      /elements and text/,
    ],
    ['for another identity provider', () => ({ destination: 'https://other.example/sso' }), /Destination/],
    ['that is old', () => ({ now: world.clock - 12 * 60_000 }), /IssueInstant/],
    ['of the future', () => ({ now: world.clock + 5 * 60_000 }), /IssueInstant/],
    ['whose ID would end its attribute', () => ({ id: 'x&quot; Destination=&quot;' }), /ID/],
    ['for a name that the application does not get', () => ({ content: '<samlp:NameIDPolicy Format="urn:x"/>' }), /NameID/],
    ['with an issuer too many', () => ({ content: `<saml:Issuer>${entityIdOf('travel')}</saml:Issuer>` }), /more than one Issuer/],
  ])('%s is refused', async (_, changes, why) => {
    expectRefused(await send(changes()), why);
  });

  test('is answered once: brought again, it signs nobody in', async () => {
    const query = asQuery('SAMLRequest', request());
    const first = await byAddress(query);

    const again = await byAddress(query);

    expect(postedBy(first)).not.toBeNull();
    expect([again.status, postedBy(again)]).toEqual([400, null]);
    expect(again.text).toContain('answered before');
  });

  test.each([
    ['a document type', '<!DOCTYPE a>REQUEST'],
    ['entities', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>REQUEST'],
    ['a processing instruction', '<?xml-stylesheet href="x"?>REQUEST'],
    ['CDATA', 'REQUEST<![CDATA[x]]>'],
    ['two of them', 'REQUESTREQUEST'],
    ['another root', '<a>REQUEST</a>'],
    ['an element that is not closed', '<samlp:AuthnRequest>'],
    ['an attribute twice', '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="a" ID="b"/>'],
    ['another namespace', '<samlp:AuthnRequest xmlns:samlp="urn:x"/>'],
  ])('of %s is refused', async (_, xml) => {
    const written = xml.replaceAll('REQUEST', request());

    for (const landing of [await byForm(written), await byAddress(asQuery('SAMLRequest', written))]) expectRefused(landing, /refused/);
  });

  test('that would be large once inflated, or is none at all, is refused', async () => {
    const bomb = deflateRawSync(Buffer.alloc(2_000_000, ' ')).toString('base64');
    const encoded = [bomb, randomBytes(60).toString('base64'), 'not Base64!', ''];

    for (const value of encoded) expectRefused(await byAddress(new URLSearchParams({ SAMLRequest: value }).toString()), /refused/);
    expectRefused(await byAddress(`${asQuery('SAMLRequest', request())}&SAMLRequest=x`), /refused/);
  });
});

describe('a signature, where one must be', () => {
  beforeEach(signing);

  test('is there, and is the application’s', async () => {
    expectRefused(await byAddress(asQuery('SAMLRequest', request())), /not signed/);
    expectRefused(await byForm(request()), /not signed/);
    expectRefused(await byAddress(asQuery('SAMLRequest', request(), 'x', stranger.privateKey)), /signature does not hold/);
    expectRefused(await byForm(signedXml(request(), stranger.privateKey)), /signature does not hold/);
  });

  test.each([
    ['a digest of no method', /<DigestMethod[^>]*\/>/, ''],
    ['elements so deep that nobody follows', '</SignedInfo>', `${'<x>'.repeat(20_000)}${'</x>'.repeat(20_000)}</SignedInfo>`],
  ])('is refused as any other with %s', async (_, part, instead) => {
    const changed = signedXml(request(), service.privateKey).replace(part, instead);

    expectRefused(await byForm(changed), /signature does not hold/);
  });

  test('is of this request, and of where it goes on to', async () => {
    const query = asQuery('SAMLRequest', request(), 'there', service.privateKey);

    expectRefused(await byAddress(query.replace('RelayState=there', 'RelayState=elsewhere')), /signature does not hold/);
    expectRefused(await byAddress(query.replace('&RelayState=there', '')), /signature does not hold/);
    expectRefused(await byAddress(`${query}&RelayState=elsewhere`), /exactly once/);
    expectRefused(
      await byAddress(query.replace(/&SigAlg=[^&]*/, '&SigAlg=http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1')),
      /SHA-256/,
    );
    const changed = signedXml(request(), service.privateKey).replace('Version="2.0"', 'Version="2.0" ForceAuthn="true"');
    expectRefused(await byForm(changed), /signature does not hold/);
  });

  test('is not of another request that is wrapped in (signature wrapping)', async () => {
    const honest = signedXml(request({ id: '_honest' }), service.privateKey);
    const [signature = ''] = /<Signature[\s\S]*<\/Signature>/.exec(honest) ?? [];
    const evil = request({ id: '_evil', attributes: ' ForceAuthn="true"' });
    const inside = (content: string) => evil.replace('</saml:Issuer>', `</saml:Issuer>${content}`);

    const wrapped = [
      inside(`<samlp:Extensions>${honest}</samlp:Extensions>`),
      inside(`${signature}<samlp:Extensions>${honest.replace(signature, '')}</samlp:Extensions>`),
      inside(signature),
      inside(signature).replace('_evil', '_honest'),
    ];

    for (const xml of wrapped) expectRefused(await byForm(xml), /refused/);
  });

  test('of another application is none of this one', async () => {
    world.applications = [
      samlApplication('records', { certificates: [publicKeyOf(service)], requireSignedRequests: true }),
      samlApplication('travel', { certificates: [publicKeyOf(stranger)], requireSignedRequests: true }),
    ];

    expectRefused(
      await byAddress(asQuery('SAMLRequest', request({ issuer: entityIdOf('travel') }), 'x', service.privateKey)),
      /signature does not hold/,
    );
  });
});

describe('what a user is called', () => {
  const told = async (name: string) => {
    world.idp.user = { sub: `s-${name}`, preferred_username: name, name, amr: ['pwd'] };
    publish({ attributes: { cn: '{name}' } });
    browser = new Browser();
    const landing = await send({});
    const { port } = new URL(world.portalUrl);
    const acsUrl = `http://records.apps.example.com:${port}/acs`;
    const reader = { certificate: signingKey().certificate, entityId: entityIdOf('records'), acsUrl, portalUrl: world.portalUrl };
    const posted = postedBy(landing);
    return { status: landing.status, profile: posted && (await understood(reader, posted.response)) };
  };

  test.each([
    'admin<!---->.evil',
    'admin<!-- -->',
    '</saml:NameID><saml:NameID>admin',
    '<assertion/>',
    '"/><saml:Attribute Name="role"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute>',
    '&#x61;dmin',
    ']]><![CDATA[admin',
    '<?x?>admin',
    "$&$'$`",
  ])('%j is read as it is', async (name) => {
    const { profile } = await told(name);

    expect([profile?.nameID, profile?.attributes]).toEqual([name, { cn: name }]);
  });

  test.each(['admin\u0000', 'admin\uffff', 'admin\u000b', 'admin\u2028x'])(
    '%j, which XML would say otherwise, is not said',
    async (name) => {
      expect(await told(name)).toMatchObject({ status: 403, profile: null });
    },
  );
});
