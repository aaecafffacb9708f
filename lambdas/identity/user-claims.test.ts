import { describe, expect, test } from '@jest/globals';
import { readClaimNames } from './claim-names.ts';
import { groupsAreElsewhere, toUser } from './user-claims.ts';

const NAMES = {
  username: 'preferred_username',
  name: 'name',
  email: 'email',
  groups: 'groups',
  further: ['department', 'level', 'roles', 'address'],
};
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
      NAMES,
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
      const make = () => toUser({ ...claims, preferred_username }, NAMES);

      expect(make).toThrow(
        expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED', message: expect.stringContaining('preferred_username') }),
      );
    },
  );

  test.each(['iss', 'sub'])('needs %s', (name) => {
    expect(() => toUser({ ...claims, [name]: '' }, NAMES)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }));
  });

  test.each([false, 'false'])('has no e-mail address that the provider calls unverified (%j), by any way', (email_verified) => {
    const user = toUser({ ...claims, email_verified, groups: 'staff' }, { ...NAMES, further: ['email'] });

    expect([user.email, user.claims, user.groups]).toEqual(['', {}, ['staff']]);
    expect(() => toUser({ ...claims, email_verified }, { ...NAMES, username: 'email' })).toThrow('not verified');
  });

  test('keeps odd addresses as they are: they are compared whole', () => {
    expect(toUser({ ...claims, email: 'a@evil.example@example.com' }, NAMES).email).toBe('a@evil.example@example.com');
  });

  test('has only groups that are text', () => {
    expect(toUser({ ...claims, groups: ['a', 1, null, ['b'], { c: 1 }, 'd\n'] }, NAMES).groups).toEqual(['a', '1']);
    expect(toUser({ ...claims, groups: undefined }, NAMES).groups).toEqual([]);
  });

  test('of Entra may have its groups elsewhere', () => {
    expect(groupsAreElsewhere({ ...claims, _claim_names: { groups: 'src1' } }, NAMES)).toBe(true);
    expect(groupsAreElsewhere(claims, NAMES)).toBe(false);
  });
});

describe('the names of claims', () => {
  test('are read from the environment', () => {
    expect(readClaimNames(JSON.stringify(NAMES))).toEqual(NAMES);
  });

  test.each(['{}', 'null', '{"username":"u","name":"n","email":"e","groups":"g"}'])('are refused when some lack: %s', (text) => {
    expect(() => readClaimNames(text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION_INVALID' }));
  });
});
