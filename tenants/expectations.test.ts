import { describe, expect, test } from '@jest/globals';
import { application, faultsIn, faultsOf, least, wiki } from './testing/tenant-file.ts';

/** Of a tenant whose CDN tells the country. */
const faultsOfFile = (expectations: readonly object[]) => (tried: readonly object[]) =>
  faultsIn({
    ...least,
    edge: { secretHeader: 'X-S', secretDigests: ['ab'.repeat(32)], addressHeader: 'X-A', countryHeader: 'X-C' },
    applications: [{ ...wiki, conditions: tried, expectations }],
  });

describe('expectations', () => {
  const conditions = [{ name: 'Office', paths: ['/admin/'], require: { groups: ['admins'], networks: ['203.0.113.0/24'], mfa: true } }];
  const admin = { request: 'GET /admin/x', user: 'dora', groups: ['admins'], address: '203.0.113.9' };

  test('that are met are no part of the application', () => {
    const read = application({
      conditions,
      expectations: [
        { ...admin, mfa: true, decision: 'allow' },
        { ...admin, decision: 'step up' },
        { ...admin, address: '198.51.100.1', decision: 'deny' },
        { request: 'GET /', decision: 'deny' },
      ],
    });

    expect(read).not.toHaveProperty('expectations');
    expect(read.conditions).toHaveLength(1);
  });

  test('try countries and expressions as well', () => {
    const when = 'request.country != "DE" && !user.email.endsWith("@example.com")';
    const faults = faultsOfFile([
      { request: 'GET /', user: 'dora', email: 'dora@example.com', country: 'FR', decision: 'allow' },
      { request: 'GET /', user: 'dora', email: 'dora@example.net', country: 'DE', decision: 'allow' },
      { request: 'GET /', user: 'dora', email: 'dora@example.net', country: 'FR', decision: 'deny' },
      { request: 'GET /', user: 'dora', email: 'dora@example.net', decision: 'allow' },
    ])([{ name: 'Abroad', refuse: { when } }]);

    expect(faults).toEqual([
      expect.objectContaining({ path: 'applications[0].expectations[3]', got: expect.stringMatching(/^“deny” by Abroad/) }),
    ]);
  });

  test('that are not met refuse the file, with what decided and why', () => {
    const faults = faultsOf({ conditions, expectations: [{ ...admin, address: '198.51.100.1', mfa: true, decision: 'allow' }] });

    expect(faults).toEqual([
      expect.objectContaining({
        path: 'applications[0].expectations[0]',
        expected: '“allow” for dora, GET /admin/x',
        got: '“deny” by Office (Office: networks 203.0.113.0/24, but 198.51.100.1)',
      }),
    ]);
  });

  test.each([
    ['request', { decision: 'deny' }],
    ['request', { request: 'get /', decision: 'deny' }],
    ['request', { request: 'GET /?q', decision: 'deny' }],
    ['address', { request: 'GET /', address: 'here', decision: 'deny' }],
    ['at', { request: 'GET /', at: '2026-13-01T00:00Z', decision: 'deny' }],
    ['decision', { request: 'GET /', decision: 'maybe' }],
  ])('a faulty %s is refused', (name, expectation) => {
    expect(faultsOf({ expectations: [expectation] }).map(({ path }) => path)).toEqual([`applications[0].expectations[0].${name}`]);
  });
});
