import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createCertificate } from '../protocol/x509.ts';
import { ConfigurationError, type Fault } from './faults.ts';
import { parseApplications } from './schema.ts';

const CONTEXT = { domain: 'example.com', portalHost: 'portal.example.com', claims: ['username', 'email', 'groups', 'issuer', 'upn'] };
const { privateKey: signer, publicKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const CERTIFICATE = createCertificate({ subject: 'x', issuer: 'x', key, signer, from: 0, until: 1e12, extensions: [] });
const read = (singleSignOn: unknown) =>
  parseApplications(
    {
      applications: [
        {
          id: 'payroll',
          name: 'Payroll',
          externalUrl: 'https://payroll.apps.example.com/',
          internalUrl: 'https://hr.corp.example:8443/payroll/',
          access: 'everyone',
          singleSignOn,
        },
      ],
    },
    'x.yaml',
    CONTEXT,
  )[0]!.singleSignOn;
const faultsOf = (singleSignOn: unknown): readonly Fault[] => {
  try {
    read(singleSignOn);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
};
const pathsOf = (singleSignOn: unknown) => faultsOf(singleSignOn).map(({ path }) => path.replace('applications[0].singleSignOn', ''));

describe('a method', () => {
  test('none is meant where nothing is said', () => {
    expect(read(undefined)).toEqual({ method: 'none', headers: {} });
  });

  test('kerberos needs no more than its name', () => {
    expect(read({ method: 'kerberos' })).toEqual({
      method: 'kerberos',
      headers: {},
      servicePrincipalName: 'HTTP/hr.corp.example',
      identity: '{username}',
      sendOn: 'request',
      mutualAuthentication: 'checked',
    });
  });

  test('kerberos takes all that Entra takes, and headers beside', () => {
    const all = {
      method: 'kerberos',
      servicePrincipalName: 'http/payroll.corp.example:8443@corp.example',
      identity: '{upn|user-part}',
      sendOn: 'challenge',
      mutualAuthentication: 'required',
      headers: { 'Remote-Groups': '{groups|starting(hr-)}' },
    };

    expect(read(all)).toEqual({ ...all, servicePrincipalName: 'http/payroll.corp.example:8443@CORP.EXAMPLE' });
  });

  test('assertion needs no more than its name', () => {
    expect(read({ method: 'assertion' })).toEqual({
      method: 'assertion',
      headers: {},
      format: 'sallyport',
      header: 'Sallyport-Assertion',
      audience: 'https://payroll.apps.example.com/',
      claims: {},
    });
  });

  test.each([
    ['cloudflare', 'Cf-Access-Jwt-Assertion', 'https://payroll.apps.example.com/'],
    ['pomerium', 'X-Pomerium-Jwt-Assertion', 'payroll.apps.example.com'],
    ['google-iap', 'X-Goog-Iap-Jwt-Assertion', 'https://payroll.apps.example.com/'],
  ])('assertion as %s is in %s, for %s', (format, header, audience) => {
    expect(read({ method: 'assertion', format })).toMatchObject({ header, audience });
  });

  test('assertion takes a header, an audience and claims of the administrator’s choice', () => {
    const chosen = { header: 'X-Identity', audience: 'payroll', claims: { login: 'upn', roles: '{groups|starting(hr-)}' } };

    expect(read({ method: 'assertion', ...chosen })).toMatchObject({
      ...chosen,
      claims: { login: '{upn}', roles: '{groups|starting(hr-)}' },
    });
  });

  test('token needs an audience, and is sent as HTTP has it', () => {
    expect(read({ method: 'token', audience: 'https://payroll.corp.example' })).toEqual({
      method: 'token',
      headers: {},
      grant: 'exchange',
      audience: 'https://payroll.corp.example',
      scopes: [],
      header: 'Authorization',
    });
  });

  test('token takes a field of the administrator’s choice, and may be the user’s own', () => {
    expect(read({ method: 'token', grant: 'own', header: 'X-Access-Token' })).toMatchObject({
      grant: 'own',
      audience: null,
      header: 'X-Access-Token',
    });
  });

  test('linked leads elsewhere', () => {
    expect(read({ method: 'linked', url: 'https://elsewhere.example.net/start?a=1' })).toMatchObject({ method: 'linked' });
    expect(pathsOf({ method: 'linked' })).toEqual(['.url']);
    expect(pathsOf({ method: 'linked', url: 'javascript:alert(1)' })).toEqual(['.url']);
  });
});

describe('saml', () => {
  const least = { method: 'saml', entityId: 'https://hr.example/saml', acsUrls: ['https://payroll.apps.example.com/acs'] };
  const sloUrl = 'https://payroll.apps.example.com/slo';

  test('needs an entity id, and where answers go', () => {
    expect(pathsOf({ method: 'saml' })).toEqual(['.entityId', '.acsUrls']);
    expect(read(least)).toEqual({
      ...least,
      headers: {},
      sloUrl: null,
      nameId: { format: 'persistent', value: null },
      attributes: {},
      certificates: [],
      requireSignedRequests: false,
      encryption: null,
      unsolicited: false,
    });
  });

  test('takes what the application’s metadata says, as names and attributes templates', () => {
    const all = {
      ...least,
      sloUrl,
      nameId: { format: 'emailAddress', value: 'upn' },
      attributes: { 'urn:oid:2.5.4.42': 'email', roles: '{groups|starting(hr-)}' },
      certificates: [CERTIFICATE],
      requireSignedRequests: true,
      encryption: { certificate: CERTIFICATE, algorithm: 'aes128-cbc' },
      unsolicited: true,
    };

    expect(read(all)).toMatchObject({
      ...all,
      nameId: { format: 'emailAddress', value: '{upn}' },
      attributes: { 'urn:oid:2.5.4.42': '{email}', roles: '{groups|starting(hr-)}' },
      certificates: [new X509Certificate(CERTIFICATE).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    });
  });

  test.each([
    ['emailAddress', '{email}'],
    ['unspecified', '{username}'],
    ['transient', null],
  ])('of the format %s a user is %s where nothing is said', (format, value) => {
    expect(read({ ...least, nameId: { format } })).toMatchObject({ nameId: { format, value } });
  });

  test.each<[string, object, string[]]>([
    ['an answer to somebody else', { acsUrls: ['https://evil.example/acs'] }, ['.acsUrls[0]']],
    ['an answer to another application', { acsUrls: [...least.acsUrls, 'https://wiki.apps.example.com/acs'] }, ['.acsUrls[1]']],
    ['an answer beside the application’s path', { acsUrls: ['https://payroll.apps.example.com.evil.example/'] }, ['.acsUrls[0]']],
    ['an answer in the clear', { acsUrls: ['http://payroll.apps.example.com/acs'] }, ['.acsUrls']],
    ['an answer with a query', { acsUrls: ['https://payroll.apps.example.com/acs?x=1'] }, ['.acsUrls']],
    ['an answer to a path that readers read in two ways', { acsUrls: ['https://payroll.apps.example.com/a/../acs'] }, ['.acsUrls']],
    ['no answer', { acsUrls: [] }, ['.acsUrls']],
    ['a sign-out that anybody may ask for', { sloUrl }, ['.certificates']],
    ['a sign-out told of elsewhere', { sloUrl: 'https://evil.example/slo', certificates: [CERTIFICATE] }, ['.sloUrl']],
    ['signatures of nobody', { requireSignedRequests: true }, ['.certificates']],
    ['a certificate that is none', { certificates: ['x'] }, ['.certificates']],
    ['an encryption for nobody', { encryption: { algorithm: 'aes256-gcm' } }, ['.encryption.certificate']],
    ['a weak cipher', { encryption: { certificate: CERTIFICATE, algorithm: 'tripledes-cbc' } }, ['.encryption.algorithm']],
    ['a name that is the same for all', { nameId: { format: 'unspecified', value: '{groups}' } }, ['.nameId.value']],
    ['a name where each session has its own', { nameId: { format: 'transient', value: '{upn}' } }, ['.nameId.value']],
    ['an attribute of a claim that nobody has', { attributes: { roles: 'roles' } }, ['.attributes.roles']],
    ['an attribute with a blank', { attributes: { 'a b': 'upn' } }, ['.attributes.a b']],
  ])('refuses %s', (_, changes, paths) => {
    expect(pathsOf({ ...least, ...changes })).toEqual(paths);
  });

  test('refuses the entity id that another application has', () => {
    const entry = (id: string) => ({
      id,
      name: id,
      externalUrl: `https://${id}.apps.example.com/`,
      internalUrl: `https://${id}.corp.example/`,
      access: 'everyone',
      singleSignOn: { ...least, acsUrls: [`https://${id}.apps.example.com/acs`] },
    });

    expect(() => parseApplications({ applications: [entry('wiki'), entry('shop')] }, 'x.yaml', CONTEXT)).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ path: 'applications[1].singleSignOn.entityId' })] }),
    );
  });
});

describe('refused when it is applied', () => {
  test.each([
    ['an unknown method', { method: 'kerberoast' }, ['.method']],
    ['no method', { servicePrincipalName: 'HTTP/x' }, ['.method']],
    ['a word instead of a map', 'kerberos', ['']],
    ['another method’s setting', { method: 'headers', headers: {}, url: 'https://x.example/' }, ['.url']],
    ['headers without any', { method: 'headers' }, ['.headers']],
    ['a principal without a service', { method: 'kerberos', servicePrincipalName: 'payroll.corp.example' }, ['.servicePrincipalName']],
    ['a principal of a service with an instance', { method: 'kerberos', servicePrincipalName: 'HTTP/a/b' }, ['.servicePrincipalName']],
    ['a name that is the same for all', { method: 'kerberos', identity: 'administrator' }, ['.identity']],
    ['a name of groups alone', { method: 'kerberos', identity: '{groups}' }, ['.identity']],
    ['a claim that nobody has', { method: 'kerberos', identity: '{samAccountName}' }, ['.identity']],
    ['YAML’s map where quotes were forgotten', { method: 'kerberos', identity: { username: null } }, ['.identity']],
    ['the same in a header', { method: 'headers', headers: { 'X-User': { username: null } } }, ['.headers.X-User']],
    ['a text that would be another header', { method: 'headers', headers: { 'X-A': { text: 'a\nX-B: 1' } } }, ['.headers.X-A']],
    ['an assertion in a field of HTTP’s', { method: 'assertion', header: 'Authorization' }, ['.header']],
    ['an assertion in another field of ours', { method: 'assertion', header: 'Sallyport-Id' }, ['.header']],
    [
      'an assertion in a field that a header has',
      { method: 'assertion', header: 'X-Identity', headers: { x_identity: 'upn' } },
      ['.headers.x_identity'],
    ],
    ['an assertion of a format that there is not', { method: 'assertion', format: 'aws' }, ['.format']],
    ['an assertion for nobody', { method: 'assertion', audience: '' }, ['.audience']],
    [
      'an assertion whose time the administrator would set',
      { method: 'assertion', claims: { exp: 'upn', sub: 'upn' } },
      ['.claims.exp', '.claims.sub'],
    ],
    ['an assertion with a claim that nobody has', { method: 'assertion', claims: { login: 'samAccountName' } }, ['.claims.login']],
    ['a token for nobody', { method: 'token' }, ['.audience']],
    ['a token that Entra ID could not know the application of', { method: 'token', grant: 'on-behalf-of', audience: 'a' }, ['.scopes']],
    ['the user’s own token for another', { method: 'token', grant: 'own', audience: 'a', scopes: ['read'] }, ['.audience', '.scopes']],
    ['a token in a field of HTTP’s', { method: 'token', audience: 'a', header: 'Cookie' }, ['.header']],
    ['a scope that is two', { method: 'token', audience: 'a', scopes: ['read write'] }, ['.scopes']],
    ['a token in a field that a header has', { method: 'token', audience: 'a', header: 'X-T', headers: { x_t: 'upn' } }, ['.headers.x_t']],
    ['several at once', { method: 'kerberos', sendOn: 'never', mutualAuthentication: true }, ['.sendOn', '.mutualAuthentication']],
  ])('%s', (_, singleSignOn, paths) => {
    expect(pathsOf(singleSignOn)).toEqual(paths);
  });

  test('each fault says what to write', () => {
    expect(faultsOf({ method: 'kerberos', identity: { username: null } })[0]?.advice).toContain('in quotes');
    expect(faultsOf({ method: 'x' })[0]?.expected).toContain('"kerberos"');
  });

  test('one audience of two applications: what is said to one would be believed by the other', () => {
    const entry = (id: string, singleSignOn: unknown) => ({
      id,
      name: id,
      externalUrl: `https://${id}.apps.example.com/`,
      internalUrl: `https://${id}.corp.example/`,
      access: 'everyone',
      singleSignOn,
    });
    const parse =
      (...applications: unknown[]) =>
      () =>
        parseApplications({ applications }, 'x.yaml', CONTEXT);

    const own = entry('wiki', { method: 'assertion' });
    expect(parse(own, entry('shop', { method: 'assertion' }))).not.toThrow();
    expect(parse(own, entry('shop', { method: 'token', audience: 'https://wiki.apps.example.com/' }))).toThrow();
    for (const audience of ['https://wiki.apps.example.com/', 'wiki.apps.example.com']) {
      const first = audience.startsWith('https') ? own : entry('wiki', { method: 'assertion', format: 'pomerium' });
      expect(parse(first, entry('shop', { method: 'assertion', audience }))).toThrow(
        expect.objectContaining({ faults: [expect.objectContaining({ path: 'applications[1].singleSignOn.audience' })] }),
      );
    }
  });
});
