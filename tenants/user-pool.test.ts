import { describe, expect, test } from '@jest/globals';
import { parseTenant } from './schema.ts';
import { faultsIn, least } from './testing/tenant-file.ts';

describe('without an identity provider', () => {
  const { identityProviders: _, ...poolTenant } = least;

  test('the stack is left to make a user pool', () => {
    expect(parseTenant(poolTenant, 'x.yaml').identityProviders).toEqual([]);
  });

  test('an empty list is refused: it might have been meant otherwise', () => {
    expect(faultsIn({ ...least, identityProviders: [] }).map(({ path }) => path)).toEqual(['identityProviders']);
  });

  test.each(['a'.repeat(41), 'aws-lab', 'my-amazon', 'cognito'])(
    'a tenant called %s is refused, since its sign-in page cannot be called so',
    (tenant) => {
      expect(faultsIn({ ...poolTenant, tenant }).map(({ path }) => path)).toEqual(['tenant']);
      expect(faultsIn({ ...least, tenant })).toEqual([]);
    },
  );

  test('40 characters fit', () => {
    expect(faultsIn({ ...poolTenant, tenant: 'a'.repeat(40) })).toEqual([]);
  });
});
