import { describe, expect, test } from '@jest/globals';
import { parseApplications, parseTenant } from './schema.ts';
import { CERTIFICATE, WEAK_CERTIFICATE } from './testing/certificates.ts';
import { application, faultsIn, faultsOf, faultsOfHeaders, least, wiki } from './testing/tenant-file.ts';

const samlProvider = {
  id: 'main',
  protocol: 'saml',
  issuer: 'urn:example:login',
  signInUrl: 'https://login.example.com/sso?tenant=1',
  certificates: [CERTIFICATE],
};

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

describe('defaults', () => {
  test('a file with the least in it has a value for everything else', () => {
    const tenant = parseTenant(least, 'x.yaml');

    expect(tenant).toEqual({
      tenant: 'example',
      domain: 'example.com',
      portalHost: 'portal.example.com',
      samlKeys: ['main'],
      sessionLifetimeMinutes: 480,
      sessionIdleMinutes: null,
      sessionRefreshMinutes: null,
      appearance: { name: null, color: null, support: null },
      identityProviders: [
        {
          protocol: 'openid',
          id: 'main',
          name: null,
          emailDomains: [],
          issuer: 'https://login.example.com/',
          clientId: 'sallyport',
          scopes: ['openid', 'profile', 'email'],
          groupsFrom: 'claims',
          clientAuthentication: 'secret',
          signOut: 'openid',
          claims: { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups', further: [] },
          secondFactor: { amr: ['mfa'], acr: [] },
        },
      ],
      applications: [
        {
          id: 'wiki',
          name: 'Wiki',
          description: '',
          icon: null,
          visibleTo: 'assigned',
          host: 'wiki.apps.example.com',
          path: '/',
          internalUrl: 'http://wiki.corp/',
          connectorGroup: 'default',
          preAuthentication: 'sign-in',
          access: 'everyone',
          hostHeader: 'internal',
          singleSignOn: { method: 'none', headers: {} },
          timeoutMs: 85_000,
          verifyCertificate: true,
          homePath: '',
          conditions: [],
          tokens: null,
          segments: [],
          alternateHost: null,
          idleTimeoutMs: 290_000,
          webSockets: { pages: 'auto', maxAgeMs: 43_200_000, idleMs: 3_600_000 },
          translation: { headers: true, links: 'off', scripts: false },
          cookies: { secure: false, httpOnly: false, sameSite: null },
          cors: [],
          calls: [],
          framedBy: [],
          bigUploads: 'off',
          robots: 'deny',
          maintenance: null,
        },
      ],
    });
  });

  test.each([
    ['default', 85_000],
    ['long', 180_000],
    [1, 1000],
    [840, 840_000],
  ])('timeout %p is %p ms', (timeout, expected) => {
    expect(application({ timeout }).timeoutMs).toBe(expected);
  });

  test.each([
    ['5m', 5],
    ['8h', 480],
    ['7d', 10_080],
  ])('a lifetime of %s is %d minutes', (lifetime, minutes) => {
    expect(parseTenant({ ...least, sessions: { lifetime } }, 'x').sessionLifetimeMinutes).toBe(minutes);
  });

  test('sessions may end before that when nobody uses them', () => {
    expect(parseTenant({ ...least, sessions: { idle: '8h' } }, 'x').sessionIdleMinutes).toBe(480);
  });

  test.each([
    [{}, null],
    [{ refresh: true }, 15],
    [{ refresh: true, refreshEvery: '1h' }, 60],
    [{ refresh: false, refreshEvery: '1h' }, null],
  ])('of sessions %j the provider is asked every %p minutes', (sessions, minutes) => {
    expect(parseTenant({ ...least, sessions }, 'x').sessionRefreshMinutes).toBe(minutes);
  });

  test('users and groups may each be left out of access', () => {
    expect(application({ access: { groups: ['staff', 'staff'] } }).access).toEqual({ users: [], groups: ['staff'] });
  });
});

describe('what an application may say of itself', () => {
  test('all of it is read', () => {
    const all = application({
      segments: [{ externalUrl: 'https://static.apps.example.com/', internalUrl: 'http://static.corp' }],
      icon: 'HB',
      visibleTo: 'everyone',
      alternateUrl: 'https://Handbook.example.com/',
      idleTimeout: 60,
      translation: { links: 'on', scripts: true },
      cookies: { secure: true, sameSite: 'lax' },
      cors: [{ origins: ['https://shop.example.com'], headers: ['X-Shop-*'] }],
      calls: ['wiki'],
      framedBy: ['https://teams.microsoft.com', 'https://*.cloud.microsoft', 'https://teams.microsoft.com'],
      bigUploads: 'on',
      robots: 'application',
      maintenance: 'Back on Monday',
    });

    expect(all).toMatchObject({
      segments: [{ host: 'static.apps.example.com', path: '/', internalUrl: 'http://static.corp/' }],
      icon: 'HB',
      visibleTo: 'everyone',
      alternateHost: 'handbook.example.com',
      idleTimeoutMs: 60_000,
      translation: { headers: true, links: 'on', scripts: true },
      cookies: { secure: true, httpOnly: false, sameSite: 'lax' },
      cors: [
        {
          path: '/',
          origins: ['https://shop.example.com'],
          methods: ['GET', 'HEAD', 'POST'],
          headers: ['x-shop-*'],
          credentials: true,
          maxAgeSeconds: 600,
        },
      ],
      calls: ['wiki'],
      framedBy: ['https://teams.microsoft.com', 'https://*.cloud.microsoft'],
      bigUploads: 'on',
      robots: 'application',
      maintenance: 'Back on Monday',
    });
  });

  test.each([
    [true, ''],
    [false, null],
  ])('maintenance %p is %p', (maintenance, expected) => {
    expect(application({ maintenance }).maintenance).toBe(expected);
  });

  test.each([
    ['alternateUrl', 'https://x.apps.example.com/'],
    ['alternateUrl', 'https://x.example.org/'],
    ['icon', 'icons/none.png'],
    ['visibleTo', 'all'],
    ['framedBy', 'https://teams.microsoft.com'],
    ['framedBy', ['https://teams.microsoft.com/']],
    ['framedBy', ['https://teams.microsoft.com; script-src *']],
    ['framedBy', ['*']],
    ['framedBy', ['https://*']],
    ['framedBy', ['https://*.com']],
    ['framedBy', ["'none'"]],
    ['idleTimeout', 291],
    ['maintenance', ''],
    ['robots', 'allow'],
    ['calls', ['No Id']],
    ['translation', { links: true }],
    ['cookies', { sameSite: 'Lax' }],
    ['cors', [{ origins: ['*'] }]],
    ['cors', [{ origins: ['https://shop.example.com/'] }]],
    ['cors', [{ origins: ['https://shop.example.com'], path: '/a/../b' }]],
    ['segments', [{ externalUrl: 'https://static.apps.example.com/' }]],
  ])('%s: %p is refused', (name, value) => {
    const faults = faultsOf({ [name]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]!.path).toContain(`applications[0].${name}`);
  });
});

describe('refusals', () => {
  test('all faults are reported at once, each with place, expectation, what came and advice', () => {
    const faults = faultsIn({
      ...least,
      tenant: 'Ex_ample',
      sesions: {},
      applications: [
        { ...wiki, internalUrl: 'ftp://x', timeout: 0 },
        { ...wiki, externalUrl: 'https://b.apps.example.com/' },
      ],
    });

    expect(faults.map(({ path }) => path).sort()).toEqual([
      'applications[0].internalUrl',
      'applications[0].timeout',
      'applications[1].id',
      'sesions',
      'tenant',
    ]);
    for (const { expected, got, advice } of faults) expect([expected, got, advice]).not.toContain('');
  });

  test('two applications may not have one external URL, in whatever spelling', () => {
    const second = { ...wiki, id: 'second', externalUrl: 'https://WIKI.apps.example.com' };

    const faults = faultsIn({ ...least, applications: [wiki, second] });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      path: 'applications[1].externalUrl',
      got: 'https://wiki.apps.example.com/, as applications[0].externalUrl has',
    });
  });

  test.each([
    ['a name of another domain', 'https://wiki.example.com/'],
    ['the bare apps domain', 'https://apps.example.com/'],
    ['two labels, which the certificate does not cover', 'https://a.b.apps.example.com/'],
    ['plain HTTP', 'http://wiki.apps.example.com/'],
    ['a port', 'https://wiki.apps.example.com:8443/'],
    ['a query', 'https://wiki.apps.example.com/?a=1'],
    ['a fragment', 'https://wiki.apps.example.com/#a'],
    ['credentials', 'https://u:p@wiki.apps.example.com/'],
    ['dot segments', 'https://wiki.apps.example.com/a/../b/'],
    ['an escaped slash', 'https://wiki.apps.example.com/a%2Fb/'],
    ['an empty segment', 'https://wiki.apps.example.com//a/'],
    ['our own paths', 'https://wiki.apps.example.com/.sallyport/'],
    ['a wildcard that is not the whole label', 'https://w*.apps.example.com/'],
    ['no text', 7],
  ])('external URL: %s', (_case, externalUrl) => {
    expect(faultsOf({ externalUrl }).map(({ path }) => path)).toEqual(['applications[0].externalUrl']);
  });

  test.each([
    ['no URL', 'wiki.corp'],
    ['another scheme', 'ftp://wiki.corp/'],
    ['credentials', 'http://u:p@wiki.corp/'],
    ['a query', 'http://wiki.corp/?a'],
    ['a fragment', 'http://wiki.corp/#a'],
    ['an address', 'http://10.0.0.1/'],
    ['the cloud’s metadata address in disguise', 'http://2852039166/'],
    ['an IPv6 address', 'http://[fe80::1]/'],
    ['a wildcard', 'http://*.corp/'],
    ['a backslash', 'http:\\\\wiki.corp\\'],
    ['a line break', 'http://wiki.corp/\n'],
  ])('internal URL: %s', (_case, internalUrl) => {
    expect(faultsOf({ internalUrl }).map(({ path }) => path)).toEqual(['applications[0].internalUrl']);
  });

  test.each([
    ['http://wiki', 'http://wiki/'],
    ['https://Wiki.Corp:8443/a', 'https://wiki.corp:8443/a/'],
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000/'],
    ['http://[::1]:3000/', 'http://[::1]:3000/'],
  ])('internal URL %s is taken as %s', (internalUrl, expected) => {
    expect(application({ internalUrl }).internalUrl).toBe(expected);
  });

  test.each([
    'Host',
    'cookie',
    'Authorization',
    'Content_Length',
    'Connection',
    'Transfer-Encoding',
    'X-Forwarded-For',
    'X_Forwarded_User',
    'Forwarded',
    'Via',
    'Sallyport-User',
    'X-Amzn-Trace-Id',
    'two words',
    'colon:',
    '',
  ])('header %p may carry no claim', (name) => {
    expect(faultsOfHeaders({ [name]: 'username' }).map(({ path }) => path)).toEqual([`applications[0].singleSignOn.headers.${name}`]);
  });

  test('a header carries a claim that is known, and has one spelling', () => {
    const headers = { 'Remote-User': 'username', 'X-Id': '{subject|upper}', 'X-Way-In': { text: 'outside {1}' } };

    expect(application({ singleSignOn: { method: 'headers', headers } }).singleSignOn).toEqual({
      method: 'headers',
      headers: { 'Remote-User': '{username}', 'X-Id': '{subject|upper}', 'X-Way-In': 'outside {{1}}' },
    });
    expect(faultsOfHeaders({ 'Remote-User': 'department' })[0]?.expected).toContain('username');
    expect(faultsOfHeaders({ 'Remote-User': 'username', Remote_User: 'name' })).toHaveLength(1);
  });

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

  test('a further claim can be carried', () => {
    const provider = { ...least.identityProviders[0], claims: { further: ['department'] } };
    const raw = {
      ...least,
      identityProviders: [provider],
      applications: [{ ...wiki, singleSignOn: { method: 'headers', headers: { 'X-Department': 'department' } } }],
    };

    expect(faultsIn(raw)).toEqual([]);
  });

  test('access must be said for sign-in, and cannot be kept for pass-through', () => {
    const { access: _access, ...open } = wiki;

    expect(faultsIn({ ...least, applications: [open] }).map(({ path }) => path)).toEqual(['applications[0].access']);
    expect(faultsOf({ preAuthentication: 'pass-through' }).map(({ path }) => path)).toEqual(['applications[0].access']);
    expect(
      faultsIn({ ...least, applications: [{ ...open, preAuthentication: 'pass-through', singleSignOn: { method: 'none' } }] }),
    ).toHaveLength(1);
    expect(faultsIn({ ...least, applications: [{ ...open, preAuthentication: 'pass-through' }] })).toEqual([]);
  });

  test.each([
    [{ users: [], groups: [] }, 'applications[0].access'],
    [{ users: 'alice' }, 'applications[0].access.users'],
    [{ grops: ['a'], groups: ['b'] }, 'applications[0].access.grops'],
    ['nobody', 'applications[0].access'],
  ])('access %j', (access, path) => {
    expect(faultsOf({ access }).map((fault) => fault.path)).toEqual([path]);
  });

  test.each([
    ['domain', 'localhost'],
    ['domain', '10.0.0.1'],
    ['portalHost', 'portal.example.org'],
    ['portalHost', 'portal.apps.example.com'],
    ['region', 'Frankfurt'],
    ['account', 123456789012],
    ['samlKeys', []],
    ['samlKeys', ['main', 'main']],
    ['samlKeys', ['a', 'b', 'c', 'd']],
    ['samlKeys', 'main'],
    ['sessions', { lifetime: '4m' }],
    ['sessions', { lifetime: 480 }],
    ['sessions', { lifetime: '8d' }],
    ['sessions', { idle: '4m' }],
    ['sessions', { idle: '9h' }],
    ['sessions', { refresh: 'yes' }],
    ['sessions', { refreshEvery: '1m' }],
    ['applications', { wiki }],
    ['applications', undefined],
  ])('%s %j', (setting, value) => {
    const faults = faultsIn({ ...least, applications: [], [setting]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]?.path.startsWith(setting)).toBe(true);
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

  test.each(['/start', '//evil.example', 'a\\b', '../up', 'a/../b', 'a#b', 'ä'])('home path %p', (homePath) => {
    expect(faultsOf({ homePath }).map(({ path }) => path)).toEqual(['applications[0].homePath']);
  });

  test.each([null, [], 'text', 7])('a file that is %j', (raw) => {
    expect(faultsIn(raw)[0]?.expected).toBe('a map of settings');
  });

  test('what is shown of a value is short', () => {
    expect(faultsOf({ internalUrl: 'x'.repeat(10_000) })[0]!.got.length).toBeLessThan(100);
  });
});

describe('applications alone', () => {
  const context = { domain: 'example.com', claims: ['username'], portalHost: 'portal.example.com', alternateHosts: ['people.example.com'] };

  test('are checked as in a file', () => {
    expect(parseApplications({ applications: [wiki] }, 'The request', context)).toEqual([application({})]);
    expect(() => parseApplications({ applications: [wiki, wiki] }, 'The request', context)).toThrow(
      /The request has 2 faults\. Nothing was changed/,
    );
  });

  test('an alternate host that is not deployed is refused, and the refusal says to deploy', () => {
    const at = (alternateUrl: string) => parseApplications({ applications: [{ ...wiki, alternateUrl }] }, 'The request', context);

    expect(at('https://people.example.com/')[0]!.alternateHost).toBe('people.example.com');
    expect(() => at('https://new.example.com/')).toThrow(/expected a host that is deployed \(people\.example\.com\).*npx cdk deploy/s);
    expect(() => at('https://portal.example.com/')).toThrow(/another host than the portal’s/);
  });

  test('come with nothing else', () => {
    expect(() => parseApplications({ applications: [], domain: 'x' }, 'The request', context)).toThrow(/unknown setting "domain"/);
  });
});
