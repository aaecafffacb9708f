// Identity providers of a tenant file, and what is made of their tokens.
import { describe, expect, test } from '@jest/globals';
import { parseTenant } from './schema.ts';
import { CERTIFICATE, WEAK_CERTIFICATE } from './testing/certificates.ts';
import { faultsIn, least, wiki } from './testing/tenant-file.ts';

const samlProvider = {
  id: 'main',
  protocol: 'saml',
  issuer: 'urn:example:login',
  signInUrl: 'https://login.example.com/sso?tenant=1',
  certificates: [CERTIFICATE],
};

test('a SAML provider: of its certificates the keys are kept', () => {
  const { identityProviders } = parseTenant({ ...least, identityProviders: [samlProvider] }, 'x.yaml');

  expect(identityProviders).toMatchObject([{ protocol: 'saml', signOutUrl: null, claims: { username: 'sub' } }]);
  expect(identityProviders).toMatchObject([{ certificates: [expect.stringMatching(/^MIIBI[A-Za-z0-9+/]+={0,2}$/)] }]);
});

test.each<[string, Record<string, unknown>]>([
  ['certificates', { certificates: [] }],
  ['certificates', { certificates: [WEAK_CERTIFICATE] }],
  ['certificates', { certificates: [CERTIFICATE, 'MIIB'] }],
  ['signInUrl', { signInUrl: 'http://login.example.com/sso' }],
  ['signOutUrl', { signOutUrl: 'javascript:alert(1)' }],
  ['issuer', { issuer: 'two words' }],
  ['clientId', { clientId: 'sallyport' }],
])('a SAML provider with a faulty setting: %s', (setting, settings) => {
  const paths = faultsIn({ ...least, identityProviders: [{ ...samlProvider, ...settings }] }).map(({ path }) => path);

  expect(paths).toEqual([`identityProviders[0].${setting}`]);
});

test.each([
  { issuer: 'http://login.example.com/' },
  { issuer: 'https://login.example.com/?a' },
  { clientId: '' },
  { scopes: ['profile'] },
  { claims: { username: '' } },
  { claims: { further: ['groups'] } },
  { claims: { departement: 'x' } },
  { id: 'A b' },
  { name: '' },
  { emailDomains: [] },
  { emailDomains: ['localhost'] },
  { protocol: 'ldap' },
])('identity provider %j', (settings) => {
  expect(faultsIn({ ...least, identityProviders: [{ ...least.identityProviders[0], ...settings }] })).toHaveLength(1);
});

describe('tokens for applications', () => {
  const entry = { ...wiki, singleSignOn: { method: 'token', audience: 'https://wiki.corp' } };

  test('need the refresh tokens with which they are made', () => {
    expect(faultsIn({ ...least, applications: [entry] })).toEqual([
      expect.objectContaining({ path: 'applications[0].singleSignOn.method', advice: expect.stringContaining('sessions.refresh') }),
    ]);
    expect(() => parseTenant({ ...least, sessions: { refresh: true }, applications: [entry] }, 'x')).not.toThrow();
  });

  test('need a provider that gives some', () => {
    const faults = faultsIn({ ...least, sessions: { refresh: true }, identityProviders: [samlProvider], applications: [entry] });

    expect(faults.map(({ advice }) => advice)).toEqual([expect.stringContaining('SAML')]);
  });
});
