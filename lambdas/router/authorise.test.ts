import { expect, test } from '@jest/globals';
import type { Access } from '../stores/records.ts';
import { mayUse } from './authorise.ts';
import { user } from './testing/records.ts';

test.each<[string, Access, boolean]>([
  ['everyone may', 'everyone', true],
  ['a named user may', { users: ['alice@example.com'], groups: [] }, true],
  ['a member of a named group may', { users: [], groups: ['admins', 'staff'] }, true],
  ['nobody may by an empty rule', { users: [], groups: [] }, false],
  ['another user may not', { users: ['bob@example.com'], groups: ['admins'] }, false],
  ['a user is not taken for a group of that name', { users: ['staff'], groups: ['alice@example.com'] }, false],
])('%s', (_, access, may) => {
  expect(mayUse(access, user())).toBe(may);
});

test.each([
  'ALICE@example.com',
  'alice@example.com ',
  'alice@example.com@evil.example',
  'al\u0131ce@example.com',
  'alice@example.com\u200b',
])('identity parsing (oauth2-proxy GHSA-c5c4-8r6x-56w3): %j is not alice', (username) => {
  expect(mayUse({ users: ['alice@example.com'], groups: [] }, user({ username, groups: [] }))).toBe(false);
});
