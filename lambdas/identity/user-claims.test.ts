import { describe, expect, test } from '@jest/globals';
import { readIdentityProviders } from './provider-profile.ts';
import { profile } from './testing/profile.ts';
import { groupsAreElsewhere, toProgram, toUser } from './user-claims.ts';

const NAMES = {
  username: 'preferred_username',
  name: 'name',
  email: 'email',
  groups: 'groups',
  further: ['department', 'level', 'roles', 'address'],
};
const PROFILE = profile({ issuer: 'https://id.example.com', claims: NAMES });
const claims = {
  iss: 'https://id.example.com',
  sub: '7',
  preferred_username: 'alice',
  name: 'Alice',
  email: 'alice@example.com',
  groups: ['staff', 'sales'],
};

describe('a user', () => {
  test('is issuer and subject, described by the claims that the tenant file names', () => {
    const user = toUser(
      { ...claims, department: 'Sales', level: 7, roles: ['a', 'b'], address: { street: 'x' }, other: 'y', amr: ['mfa'] },
      PROFILE,
    );

    expect(user).toEqual({
      issuer: 'https://id.example.com',
      subject: '7',
      username: 'alice',
      name: 'Alice',
      email: 'alice@example.com',
      groups: ['staff', 'sales'],
      claims: { department: 'Sales', level: '7', roles: 'a,b' },
      amr: ['mfa'],
    });
  });

  test.each([undefined, null, '', '  ', { evil: 1 }, 'ali\r\nce', 'ali\u0000ce', 'ali\u0085ce'])(
    'needs a user name of one line: %j',
    (preferred_username) => {
      const make = () => toUser({ ...claims, preferred_username }, PROFILE);

      expect(make).toThrow(
        expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED', message: expect.stringContaining('preferred_username') }),
      );
    },
  );

  test.each(['iss', 'sub'])('needs %s', (name) => {
    expect(() => toUser({ ...claims, [name]: '' }, PROFILE)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }));
  });

  test.each([false, 'false'])('has no e-mail address that the provider calls unverified (%j), by any way', (email_verified) => {
    const user = toUser({ ...claims, email_verified, groups: 'staff' }, { ...PROFILE, claims: { ...NAMES, further: ['email'] } });

    expect([user.email, user.claims, user.groups]).toEqual(['', {}, ['staff']]);
    expect(() => toUser({ ...claims, email_verified }, { ...PROFILE, claims: { ...NAMES, username: 'email' } })).toThrow('not verified');
  });

  test('keeps odd addresses as they are: they are compared whole', () => {
    expect(toUser({ ...claims, email: 'a@evil.example@example.com' }, PROFILE).email).toBe('a@evil.example@example.com');
  });

  test('has only groups that are text', () => {
    expect(toUser({ ...claims, groups: ['a', 1, null, ['b'], { c: 1 }, 'd\n'] }, PROFILE).groups).toEqual(['a', '1']);
    expect(toUser({ ...claims, groups: undefined }, PROFILE).groups).toEqual([]);
  });

  test.each<[string, object]>([
    ['too many for a token', { _claim_names: { groups: 'src1' } }],
    ['too many for a token in an address', { hasgroups: true }],
    ['too many for a SAML assertion', { 'http://schemas.microsoft.com/claims/groups.link': 'https://graph.windows.net/t/users/u' }],
  ])('of Entra may have its groups elsewhere: %s', (_, told) => {
    const given = { ...claims, groups: undefined, ...told };

    expect([groupsAreElsewhere(given, NAMES), toUser(given, PROFILE).groupsLeftOut]).toEqual([true, true]);
    expect([groupsAreElsewhere(claims, NAMES), 'groupsLeftOut' in toUser(claims, PROFILE)]).toEqual([false, false]);
  });
});

describe('one of several providers', () => {
  const several = { ...PROFILE, id: 'b', emailDomains: ['b.example'], isOneOfSeveral: true };
  const given = { ...claims, preferred_username: 'bob@b.example', email: 'bob@b.example' };

  test('speaks for users of its own domains', () => {
    const user = toUser({ ...given, preferred_username: 'Bob@B.example' }, several);

    expect([user.username, user.email]).toEqual(['Bob@B.example', 'bob@b.example']);
  });

  test.each([
    'alice@a.example',
    'alice',
    'alice@a.example@b.example',
    'alice@sub.b.example',
    'alice@b.example.a.example',
    'alice@b.example,alice@a.example',
    'alice@a.example bob@b.example',
    '@b.example',
  ])('cannot sign in as somebody else’s %p', (preferred_username) => {
    expect(() => toUser({ ...given, preferred_username }, several)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }));
  });

  test.each([[['alice@a.example', 'bob@b.example']], [['bob@b.example', 'alice@a.example']]])('nor by a list of names: %j', (names) => {
    expect(() => toUser({ ...given, preferred_username: names }, several)).toThrow(
      expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }),
    );
  });

  test('cannot give a user another domain’s address', () => {
    expect(toUser({ ...given, email: 'alice@a.example' }, several).email).toBe('');
  });

  test('cannot put its users into another one’s groups, nor its programs in the place of another one’s', () => {
    const user = toUser({ ...given, groups: ['payroll', 'a:payroll'] }, several);
    const program = toProgram({ iss: PROFILE.issuer, sub: 'orders', preferred_username: 'alice@a.example' }, several, 'orders');

    expect(user.groups).toEqual(['b:payroll', 'b:a:payroll']);
    expect(program.username).toBe('b:client:orders');
  });

  test('cannot call itself by another one’s issuer', () => {
    expect(() => toUser({ ...given, iss: 'https://id.a.example' }, several)).toThrow(
      expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }),
    );
  });
});

describe('identity providers', () => {
  const settings = {
    id: 'main',
    name: null,
    issuer: 'https://id.example.com',
    emailDomains: [],
    claims: NAMES,
    secondFactor: { amr: [], acr: [] },
  };

  test('are read from the environment; the id does for a name', () => {
    expect(readIdentityProviders(JSON.stringify([settings]))).toEqual([{ ...settings, name: 'main', isOneOfSeveral: false }]);
    expect(readIdentityProviders(JSON.stringify([settings, settings]))[1]?.isOneOfSeveral).toBe(true);
  });

  test.each([
    null,
    {},
    [],
    [{ ...settings, claims: { ...NAMES, groups: undefined } }],
    [{ ...settings, issuer: '' }],
    [{ ...settings, secondFactor: {} }],
    [{ ...settings, emailDomains: undefined }],
  ])('are refused when something lacks: %j', (value) => {
    expect(() => readIdentityProviders(JSON.stringify(value))).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION_INVALID' }));
  });
});
