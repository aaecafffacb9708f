import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { loadTenant, readTenantFile } from './load.ts';
import { parseApplications, parseTenant } from './schema.ts';
import { CERTIFICATE, WEAK_CERTIFICATE } from './testing/certificates.ts';
import { applicationMetadata, providerMetadata } from './testing/metadata.ts';
import { least, wiki } from './testing/tenant-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'metadata-'));
  mkdirSync(join(folder, 'saml'));
  put('saml/login.xml', providerMetadata({ certificates: [CERTIFICATE, CERTIFICATE] }));
  put('saml/wiki.xml', applicationMetadata({ certificates: [CERTIFICATE] }));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const provider = { id: 'main', protocol: 'saml', metadata: 'saml/login.xml' };
const speaking = { ...wiki, singleSignOn: { method: 'saml', metadata: 'saml/wiki.xml' } };
const file = (changes: object) => put('x.yaml', stringify({ ...least, ...changes }));
const load = (changes: object) => loadTenant(file(changes));
const problemOf = (changes: object): string => {
  try {
    load(changes);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

const publicKey = new X509Certificate(CERTIFICATE).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

describe('a provider', () => {
  test('has what its metadata say', () => {
    expect(load({ identityProviders: [provider] }).identityProviders).toMatchObject([
      {
        issuer: 'https://login.example.com/saml',
        signInUrl: 'https://login.example.com/sso?a=1&b=2',
        signOutUrl: 'https://login.example.com/slo',
        signOutAnswerUrl: 'https://login.example.com/slo-return',
        signRequests: true,
        certificates: [publicKey],
      },
    ]);
  });

  test('has what is written beside them rather than what they say', () => {
    const [read] = load({
      identityProviders: [{ ...provider, signRequests: false, signOutUrl: 'https://login.example.com/other' }],
    }).identityProviders;

    expect(read).toMatchObject({ signRequests: false, signOutUrl: 'https://login.example.com/other' });
  });

  test('is the same as one that is written out', () => {
    const { metadata: _metadata, ...rest } = provider;
    const written = {
      ...rest,
      issuer: 'https://login.example.com/saml',
      signInUrl: 'https://login.example.com/sso?a=1&b=2',
      signOutUrl: 'https://login.example.com/slo',
      signOutAnswerUrl: 'https://login.example.com/slo-return',
      signRequests: true,
      certificates: [CERTIFICATE],
    };

    expect(load({ identityProviders: [provider] })).toStrictEqual(load({ identityProviders: [written] }));
  });

  test('with a key that is too short is refused as if it were written out', () => {
    put('saml/login.xml', providerMetadata({ certificates: [CERTIFICATE, WEAK_CERTIFICATE] }));

    expect(problemOf({ identityProviders: [provider] })).toMatch(/identityProviders\[0\]\.certificates, line .*2048 bits/);
  });
});

describe('an application', () => {
  test('has what its metadata say, its default address first', () => {
    expect(load({ applications: [speaking] }).applications[0]!.singleSignOn).toMatchObject({
      entityId: 'https://wiki.example/saml',
      acsUrls: ['https://wiki.apps.example.com/acs', 'https://wiki.apps.example.com/second'],
      sloUrl: 'https://wiki.apps.example.com/slo',
      requireSignedRequests: true,
      certificates: [publicKey],
      encryption: null,
    });
  });

  test('is applied as if it were written out', () => {
    const { tenant, applications } = readTenantFile(file({ applications: [speaking] }));
    const context = { domain: 'example.com', portalHost: 'portal.example.com', alternateHosts: [], claims: [] };

    expect(parseApplications({ applications }, 'control', context as never)).toStrictEqual(tenant.applications);
    expect(tenant.applications).toStrictEqual(JSON.parse(JSON.stringify(tenant.applications)));
  });

  test('whose answers would go elsewhere is refused', () => {
    put('saml/wiki.xml', applicationMetadata({ certificates: [CERTIFICATE] }).replaceAll('wiki.apps.example.com/acs', 'evil.example/acs'));

    expect(problemOf({ applications: [speaking] })).toContain('applications[0].singleSignOn.acsUrls[0]');
  });
});

describe('what is told, with its place', () => {
  test.each<[string, string | null, RegExp]>([
    ['a file that is not there', null, /expected the path of a file below the folder/],
    ['those of an application', applicationMetadata({}), /expected metadata of an identity provider .* got those of an application/],
    ['no metadata', '<html/>', /expected metadata of one entity .* got the element html/],
    ['those of several', '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', /one entity/],
    ['no XML', 'hello', /expected well-formed XML/],
    ['no certificate', providerMetadata({}), /expected a certificate for signing/],
    [
      'no address',
      providerMetadata({ certificates: [CERTIFICATE] }).replaceAll('HTTP-Redirect', 'SOAP'),
      /SingleSignOnService with the binding HTTP-Redirect/,
    ],
    ['a certificate that is none', providerMetadata({ certificates: ['MIIB'] }), /a certificate \(X509Certificate\) in Base64/],
  ])('%s', (_, content, expected) => {
    if (content === null) rmSync(join(folder, 'saml/login.xml'));
    else put('saml/login.xml', content);

    const problem = problemOf({ identityProviders: [provider] });

    expect(problem).toMatch(expected);
    expect(problem).toMatch(/- identityProviders\[0\]\.metadata, line \d+, column \d+: .*npx sallyport metadata/);
  });

  test.each(['../login.xml', '/etc/passwd', 7])('a path that leads elsewhere: %j', (metadata) => {
    expect(problemOf({ identityProviders: [{ ...provider, metadata }] })).toContain('below the folder of this file');
  });

  test('a path where no file is read, as at the control API', () => {
    expect(() => parseTenant({ ...least, applications: [speaking] }, 'x')).toThrow(/singleSignOn\.metadata: expected metadata in a file/);
  });
});
