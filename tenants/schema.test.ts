// The tenant file as a whole: what may be left out, and how faults are told.
import { describe, expect, test } from '@jest/globals';
import { parseApplications, parseTenant } from './schema.ts';
import { application, faultsIn, faultsOf, least, wiki } from './testing/tenant-file.ts';

describe('defaults', () => {
  test('a file with the least in it has a value for everything else', () => {
    const tenant = parseTenant(least, 'x.yaml');

    expect(tenant).toEqual({
      tenant: 'example',
      domain: 'example.com',
      aws: { deletionProtection: false, kmsKeyArn: null, webAclArn: null, accessLogs: false },
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
          crossOriginRequests: 'refuse',
          bigUploads: 'off',
          formsFrom: [],
          robots: 'deny',
          signInAgain: 'offer',
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
