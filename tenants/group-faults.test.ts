import { expect, test } from '@jest/globals';
import { faultsIn, least, wiki } from './testing/tenant-file.ts';

const provider = (id: string) => ({ id, issuer: `https://${id}.example/`, clientId: 'sallyport', emailDomains: [`${id}.example`] });
const application = (group: string) => ({
  ...wiki,
  access: { groups: ['main:staff', group] },
  conditions: [{ name: 'nobody who has left', refuse: { groups: [group] } }],
  expectations: [{ request: 'GET /', user: 'x@main.example', groups: [group, 'main:staff'], decision: 'deny' }],
});
const several = [provider('main'), provider('partner')];

test('with several providers a bare group is refused wherever it stands, and the advice says how to write it', () => {
  const faults = faultsIn({ ...least, identityProviders: several, applications: [application('left')] });

  expect(faults.map(({ path }) => path)).toEqual([
    'applications[0].access.groups[1]',
    'applications[0].conditions[0].refuse.groups[0]',
    'applications[0].expectations[0].groups[0]',
  ]);
  expect(faults[0]?.advice).toContain('main:left');
});

test('a group with a provider’s id passes, and with one provider a bare one', () => {
  expect(faultsIn({ ...least, identityProviders: several, applications: [application('partner:left')] })).toEqual([]);
  expect(faultsIn({ ...least, applications: [application('left')] })).toEqual([]);
});

test('an id that no provider has is no prefix', () => {
  const faults = faultsIn({ ...least, identityProviders: several, applications: [{ ...wiki, access: { groups: ['other:staff'] } }] });

  expect(faults.map(({ path }) => path)).toEqual(['applications[0].access.groups[0]']);
});
