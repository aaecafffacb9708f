import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { user } from '../lambdas/router/testing/records.ts';
import type { Condition } from './condition.ts';
import { type Asked, decide, type Governed } from './decide.ts';
import { evaluate } from './expression.ts';
import type { Facts, Requirements } from './requirements.ts';
import { disguises } from './testing/disguises.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 0);

const governed = (conditions: Partial<Condition>[], changes: Partial<Governed> = {}): Governed => ({
  preAuthentication: 'sign-in',
  access: 'everyone',
  path: '/',
  conditions: conditions.map((one) => ({ name: 'a condition', paths: [], methods: [], require: null, refuse: null, ...one })),
  ...changes,
});
const facts = (changes: Partial<Facts> = {}): Facts => ({
  user: user(),
  clientAddress: '203.0.113.9',
  country: null,
  now: NOW,
  authenticatedAt: NOW - 3_600_000,
  mfa: false,
  by: 'browser',
  ...changes,
});
const asked = (path = '/', method = 'GET'): Asked => ({ path, method, host: 'wiki.apps.example.com' });

const outcome = (require: Requirements, changes: Partial<Facts> = {}) => decide(governed([{ require }]), asked(), facts(changes)).outcome;

describe('assignment', () => {
  test('comes first: who is not assigned is refused whatever conditions say', () => {
    const decision = decide(governed([], { access: { users: ['bob'], groups: [] } }), asked(), facts());

    expect(decision).toMatchObject({ outcome: 'deny', rule: 'access' });
  });

  test('nobody is not everyone', () => {
    expect(decide(governed([]), asked(), facts({ user: null })).outcome).toBe('deny');
  });

  test('a pass-through application lets nobody in particular in, unless a condition refuses', () => {
    const open = { preAuthentication: 'pass-through' as const };

    expect(decide(governed([], open), asked(), facts({ user: null })).outcome).toBe('allow');
    expect(decide(governed([{ refuse: { networks: ['203.0.113.0/24'] } }], open), asked(), facts({ user: null })).outcome).toBe('deny');
  });
});

describe('what is required', () => {
  test.each<[string, Requirements, Partial<Facts>, 'allow' | 'deny' | 'step up']>([
    ['a group of theirs', { groups: ['admins', 'staff'] }, {}, 'allow'],
    ['a group of others', { groups: ['admins'] }, {}, 'deny'],
    ['a user or a group', { users: ['alice@example.com'], groups: ['admins'] }, {}, 'allow'],
    ['a group that is named as the user is', { groups: ['alice@example.com'] }, {}, 'deny'],
    ['a network around the address', { networks: ['10.0.0.0/8', '203.0.113.0/24'] }, {}, 'allow'],
    ['a network elsewhere', { networks: ['198.51.100.0/24'] }, {}, 'deny'],
    ['an IPv4 network, asked from a mapped address', { networks: ['203.0.113.0/24'] }, { clientAddress: '::ffff:203.0.113.9' }, 'allow'],
    ['an IPv6 network', { networks: ['2001:db8::/32'] }, { clientAddress: '2001:db8::1' }, 'allow'],
    ['a country', { countries: ['AT', 'DE'] }, { country: 'DE' }, 'allow'],
    ['a country elsewhere', { countries: ['AT', 'DE'] }, { country: 'FR' }, 'deny'],
    ['a country, not known', { countries: ['AT', 'DE'] }, {}, 'deny'],
    ['a way in', { by: ['token', 'service'] }, {}, 'deny'],
    ['a claim', { claims: { department: ['hr'] } }, { user: user({ claims: { department: 'hr' } }) }, 'allow'],
    ['a device that is managed', { claims: { device_managed: ['true'] } }, { user: user({ claims: { device_managed: 'true' } }) }, 'allow'],
    ['a device that is managed, on another one', { claims: { device_managed: ['true'] } }, {}, 'deny'],
    ['a claim with another value', { claims: { department: ['hr'] } }, { user: user({ claims: { department: 'it' } }) }, 'deny'],
    ['a claim by the name of a property', { claims: { constructor: ['x'] } }, {}, 'deny'],
    ['a second factor, shown', { mfa: true }, { mfa: true }, 'allow'],
    ['a second factor, not shown', { mfa: true }, {}, 'step up'],
    ['a recent sign-in, recent', { signedInWithinSeconds: 3600 }, {}, 'allow'],
    ['a recent sign-in, too old', { signedInWithinSeconds: 3599 }, {}, 'step up'],
    ['a recent sign-in, at an unknown time', { signedInWithinSeconds: 3600 }, { authenticatedAt: null }, 'step up'],
    ['a second factor and a group: no factor helps who is not in it', { mfa: true, groups: ['admins'] }, {}, 'deny'],
  ])('%s', (_, require, changes, expected) => {
    expect(outcome(require, changes)).toBe(expected);
  });

  test.each([
    ['within working hours', NOW, 'allow'],
    ['at night', Date.UTC(2026, 10, 24, 18, 0), 'deny'],
    ['on a Sunday', Date.UTC(2026, 10, 22, 12, 0), 'deny'],
    ['in summer an hour earlier by UTC', Date.UTC(2026, 6, 1, 6, 30), 'allow'],
    ['in winter not', Date.UTC(2026, 10, 24, 6, 30), 'deny'],
  ])('hours: %s', (_, now, expected) => {
    const hours = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00', zone: 'Europe/Berlin' } as const;

    expect(outcome({ hours }, { now })).toBe(expected);
  });

  test.each([
    ['late on the day named', Date.UTC(2026, 10, 27, 23, 0), 'allow'],
    ['early on the next', Date.UTC(2026, 10, 28, 5, 59), 'allow'],
    ['early on the day named', Date.UTC(2026, 10, 27, 5, 0), 'deny'],
  ])('hours over midnight belong to the day on which they begin: %s', (_, now, expected) => {
    expect(outcome({ hours: { days: ['fri'], from: '22:00', to: '06:00', zone: 'UTC' } }, { now })).toBe(expected);
  });
});

test.each([
  ['FR', 'deny'],
  ['DE', 'allow'],
  [null, 'deny'],
])('where a country is refused, %s gets: %s', (country, expected) => {
  expect(decide(governed([{ refuse: { countries: ['FR'] } }]), asked(), facts({ country })).outcome).toBe(expected);
});

describe('groups that the provider left out', () => {
  const cut = { user: user({ groups: [], groupsLeftOut: true }) };
  const contractors = { refuse: { groups: ['contractors'] } };

  test('a refusal by groups refuses: the user may be in one', () => {
    expect(decide(governed([contractors]), asked(), facts(cut))).toMatchObject({
      outcome: 'deny',
      examined: [{ rule: 'access' }, { findings: [{ holds: true, lacksGroups: true, found: expect.stringContaining('left out') }] }],
    });
    expect(decide(governed([contractors]), asked(), facts()).outcome).toBe('allow');
  });

  test('a refusal by groups and something else refuses where the other holds alone', () => {
    const elsewhere = { refuse: { groups: ['contractors'], networks: ['198.51.100.0/24'] } };

    expect(decide(governed([elsewhere]), asked(), facts(cut)).outcome).toBe('allow');
  });

  test('an assignment or a requirement by groups is not met', () => {
    const access = { users: [], groups: ['staff'] };

    expect(decide(governed([], { access }), asked(), facts(cut))).toMatchObject({ outcome: 'deny', rule: 'access' });
    expect(outcome({ groups: ['staff'] }, cut)).toBe('deny');
  });

  test('are not missed where the user is named, in a group that is known, or nobody asks for groups', () => {
    const known = { user: user({ groups: ['staff'], groupsLeftOut: true }) };

    expect(outcome({ users: ['alice@example.com'], groups: ['admins'] }, cut)).toBe('allow');
    expect(outcome({ groups: ['staff'] }, known)).toBe('allow');
    expect(decide(governed([{ refuse: { users: ['bob'] } }]), asked(), facts(cut)).outcome).toBe('allow');
  });
});

describe('where a condition holds', () => {
  const admin = governed([{ paths: ['/admin/'], refuse: {} }]);

  test.each([...disguises('admin'), '/admin/x', '/;%2fx/%61dmin/users'])('%s is below /admin/', (path) => {
    expect(decide(admin, asked(path), facts()).outcome).toBe('deny');
  });

  test.each(['/', '/administration', '/x/admin/'])('%s is not', (path) => {
    expect(decide(admin, asked(path), facts()).outcome).toBe('allow');
  });

  test('paths are below the application’s own', () => {
    const below = { path: '/shop/' };
    const conditions = [{ paths: ['/admin/'], refuse: {} }];

    expect(decide(governed(conditions, below), asked('/shop/admin/x'), facts()).outcome).toBe('deny');
    expect(decide(governed(conditions, below), asked('/shop/x'), facts()).outcome).toBe('allow');
  });

  test('for its methods alone', () => {
    const readOnly = governed([{ methods: ['POST', 'PUT', 'DELETE'], refuse: {} }]);

    expect(decide(readOnly, asked('/', 'POST'), facts())).toMatchObject({ outcome: 'deny', rule: 'a condition' });
    expect(decide(readOnly, asked('/', 'GET'), facts()).outcome).toBe('allow');
  });

  test('a query says nothing about a path (GHSA-7rh7-c77v-6434): it is no part of what is decided on', () => {
    expect(Object.keys(asked())).toEqual(['path', 'method', 'host']);
  });
});

describe('several conditions', () => {
  test('whoever is refused by one is not sent to show a second factor for another', () => {
    const decision = decide(governed([{ require: { mfa: true } }, { name: 'last', refuse: {} }]), asked(), facts());

    expect(decision).toMatchObject({ outcome: 'deny', rule: 'last', stepUp: null });
  });

  test('what is to be shown anew is asked for at once', () => {
    const conditions: Partial<Condition>[] = [
      { require: { mfa: true } },
      { require: { signedInWithinSeconds: 900 } },
      { require: { signedInWithinSeconds: 60 } },
    ];

    expect(decide(governed(conditions), asked(), facts()).stepUp).toEqual({ mfa: true, withinSeconds: 60 });
  });

  test('one more never lets anyone in', () => {
    const requirements: fc.Arbitrary<Requirements> = fc.record(
      {
        groups: fc.constantFrom(['staff'], ['admins']),
        networks: fc.constantFrom(['203.0.113.0/24'], ['198.51.100.0/24']),
        mfa: fc.constant(true as const),
        by: fc.constantFrom(['browser' as const], ['token' as const]),
      },
      { requiredKeys: [] },
    );
    const condition = fc.record({
      name: fc.constant('c'),
      paths: fc.constantFrom([], ['/admin/']),
      methods: fc.constantFrom([], ['GET']),
      require: fc.option(requirements),
      refuse: fc.option(requirements),
    });
    const rank = { allow: 2, 'step up': 1, deny: 0 };

    fc.assert(
      fc.property(fc.array(condition, { maxLength: 4 }), condition, fc.constantFrom('/', '/admin/x'), (some, more, path) => {
        const before = decide(governed(some), asked(path), facts());
        const after = decide(governed([...some, more]), asked(path), facts());

        expect(rank[after.outcome]).toBeLessThanOrEqual(rank[before.outcome]);
      }),
    );
  });
});

describe('methods', () => {
  const onlyFor = (...methods: string[]) => governed([{ methods, refuse: {} }]);
  const by = (method: string, ...overrides: string[]): Asked => ({ ...asked('/', method), overrides });

  test.each([
    ['HEAD', ['GET'], 'deny'],
    ['HEAD', ['HEAD'], 'deny'],
    ['HEAD', ['POST'], 'allow'],
    ['GET', ['HEAD'], 'allow'],
    ['GET', ['GET'], 'deny'],
    ['OPTIONS', ['GET'], 'allow'],
  ] as const)('%s where %j are refused: %s', (method, methods, outcome) => {
    expect(decide(onlyFor(...methods), by(method), facts()).outcome).toBe(outcome);
  });

  test.each([
    ['POST', ['DELETE'], ['DELETE'], 'deny'],
    ['POST', ['DELETE'], ['POST'], 'deny'],
    ['POST', ['DELETE'], ['PUT'], 'allow'],
    ['POST', ['PUT', 'DELETE'], ['DELETE'], 'deny'],
    ['GET', ['HEAD'], ['GET'], 'deny'],
  ] as const)('%s that asks to be taken for %j, where %j are refused: %s', (method, overrides, methods, outcome) => {
    expect(decide(onlyFor(...methods), by(method, ...overrides), facts()).outcome).toBe(outcome);
  });

  test.each([
    ['refuse', 'request.method == "DELETE"', by('POST', 'DELETE'), 'deny'],
    ['refuse', 'request.method == "DELETE"', by('POST'), 'allow'],
    ['refuse', 'request.method == "GET"', by('HEAD'), 'deny'],
    ['require', 'request.method in ["GET", "HEAD", "POST"]', by('POST', 'DELETE'), 'deny'],
    ['require', 'request.method in ["GET", "HEAD", "POST"]', by('HEAD'), 'allow'],
    ['require', 'request.method != "GET"', by('HEAD'), 'deny'],
  ] as const)('expressions are asked for each: %s %s', (side, when, request, outcome) => {
    expect(decide(governed([{ [side]: { when } }]), request, facts(), evaluate).outcome).toBe(outcome);
  });
});
