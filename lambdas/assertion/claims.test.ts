import { expect, test } from '@jest/globals';
import { claimsOfUser } from '../router/single-sign-on.ts';
import { user } from '../router/testing/records.ts';
import type { AssertionSignOn, User } from '../stores/records.ts';
import { assertedClaims } from './claims.ts';

const signOn = (changes: Partial<AssertionSignOn> = {}): AssertionSignOn => ({
  method: 'assertion',
  format: 'sallyport',
  header: 'Sallyport-Assertion',
  audience: 'https://wiki.apps.example.com/',
  claims: {},
  ...changes,
});
const claims = (changes?: Partial<AssertionSignOn>, who: User = user()) =>
  assertedClaims(signOn(changes), who, 'https://portal.example.com', claimsOfUser(who));
const SUBJECT = claims().sub;

test('ours says who the user is as an OpenID provider would', () => {
  expect(claims()).toEqual({
    iss: 'https://portal.example.com',
    aud: 'https://wiki.apps.example.com/',
    sub: expect.stringMatching(/^[\w-]{43}$/),
    username: 'alice@example.com',
    name: 'Alice',
    email: 'alice@example.com',
    groups: ['staff'],
  });
});

test('Cloudflare’s has a list of audiences, the type, and what is further under custom', () => {
  const further = { department: '{department}' };

  expect(claims({ format: 'cloudflare', claims: further }, user({ claims: { department: 'R&D' } }))).toEqual({
    iss: 'https://portal.example.com',
    aud: ['https://wiki.apps.example.com/'],
    sub: SUBJECT,
    type: 'app',
    email: 'alice@example.com',
    custom: { department: 'R&D' },
  });
});

test('Pomerium’s has the application’s host as issuer and audience', () => {
  expect(claims({ format: 'pomerium', audience: 'wiki.apps.example.com' })).toEqual({
    iss: 'wiki.apps.example.com',
    aud: 'wiki.apps.example.com',
    sub: SUBJECT,
    user: SUBJECT,
    name: 'Alice',
    email: 'alice@example.com',
    groups: ['staff'],
  });
});

test('Google’s has its issuer, and the domain of the address', () => {
  expect(claims({ format: 'google-iap', audience: '/projects/1/global/backendServices/2' })).toEqual({
    iss: 'https://cloud.google.com/iap',
    aud: '/projects/1/global/backendServices/2',
    sub: SUBJECT,
    email: 'alice@example.com',
    hd: 'example.com',
  });
});

test('what is not known of the user is not said', () => {
  const { name, email } = claims({}, user({ name: '', email: '' }));

  expect([name, email]).toEqual([undefined, undefined]);
  expect(claims({ format: 'google-iap' }, user({ email: '' }))).not.toHaveProperty('hd');
});

test('one subject at two identity providers is two users', () => {
  const elsewhere = claims({}, user({ issuer: 'https://other.example.com' }));

  expect(elsewhere.sub).not.toBe(SUBJECT);
});

test('further claims say more, or otherwise; groups that are only chosen from stay a list', () => {
  const groups = ['app-admins', 'app-a,b', 'staff'];
  const further = { groups: '{groups|starting(app-)}', roles: '{groups|starting(app-)|join(;)}', name: '{name|upper}', gone: '{nothing}' };

  expect(claims({ claims: further }, user({ groups }))).toMatchObject({
    groups: ['app-admins', 'app-a,b'],
    roles: 'app-admins;app-a,b',
    name: 'ALICE',
  });
  expect(claims({ claims: further })).not.toHaveProperty('gone');
  expect(claims({ claims: further }, user({ groups: ['staff'] })).groups).toEqual([]);
});

test.each(['alice\n', ' alice', 'a\0b'])('a claim that is %j is refused, as in a header', (name) => {
  expect(() => claims({ claims: { login: '{name}' } }, user({ name }))).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }));
});
