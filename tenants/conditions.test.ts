import { describe, expect, test } from '@jest/globals';
import { faultsOf } from './testing/tenant-file.ts';

describe('conditions', () => {
  test.each([
    ['require', [{ name: 'x' }]],
    ['require', [{ name: 'x', require: {} }]],
    ['require', [{ name: 'x', require: { group: ['a'] } }]],
    ['require', [{ name: 'x', require: { networks: ['10.0.0.0/33'] } }]],
    ['require', [{ name: 'x', require: { networks: [] } }]],
    ['require', [{ name: 'x', require: { hours: { from: '8:00', to: '18:00', zone: 'Europe/Berlin' } } }]],
    ['require', [{ name: 'x', require: { hours: { from: '08:00', to: '18:00', zone: 'Berlin' } } }]],
    ['require', [{ name: 'x', require: { signedInWithin: '30s' } }]],
    ['require', [{ name: 'x', require: { mfa: false } }]],
    ['require', [{ name: 'x', require: { claims: { shoeSize: ['44'] } } }]],
    ['require', [{ name: 'x', require: { countries: ['Germany'] } }]],
    ['require', [{ name: 'x', require: { when: 'usr.name == "a"' } }]],
    ['require', [{ name: 'x', require: { when: 'user.claims.shoeSize == "44"' } }]],
    ['require', [{ name: 'x', require: { when: true } }]],
    ['refuse', [{ name: 'x', refuse: { by: ['carrier pigeon'] } }]],
    ['paths', [{ name: 'x', refuse: {}, paths: ['admin'] }]],
    ['paths', [{ name: 'x', refuse: {}, paths: ['/a/../b/'] }]],
    ['methods', [{ name: 'x', refuse: {}, methods: ['get'] }]],
  ])('a faulty %s is refused', (name, value) => {
    const faults = faultsOf({ conditions: value });

    expect(faults.length).toBeGreaterThan(0);
    expect(faults.some(({ path, expected }) => path.includes(`conditions[0].${name}`) || expected.includes(name))).toBe(true);
  });
});
