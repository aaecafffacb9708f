import { describe, expect, jest, test } from '@jest/globals';
import { crossFaults } from './cross-faults.ts';
import { parseTenant } from './schema.ts';
import { faultsIn, least, wiki } from './testing/tenant-file.ts';

describe('between applications', () => {
  const legacy = { ...wiki, id: 'legacy', externalUrl: 'https://*.apps.example.com/', internalUrl: 'http://*.corp.example:8080/' };
  const faultPaths = (...applications: object[]) => faultsIn({ ...least, applications }).map(({ path }) => path);

  test('a wildcard may stand for a wildcard, or for one origin', () => {
    expect(faultPaths(legacy)).toEqual([]);
    expect(faultPaths({ ...legacy, internalUrl: 'http://legacy.corp.example/' })).toEqual([]);
    expect(parseTenant({ ...least, applications: [legacy] }, 'x').applications[0]!.internalUrl).toBe('http://*.corp.example:8080/');
  });

  test('an internal wildcard without an external one is refused, in a segment too', () => {
    const segments = [{ externalUrl: 'https://static.apps.example.com/', internalUrl: 'http://*.corp.example/' }];

    expect(faultPaths({ ...wiki, internalUrl: 'http://*.corp.example/' })).toEqual(['applications[0].internalUrl']);
    expect(faultPaths({ ...wiki, segments })).toEqual(['applications[0].segments[0].internalUrl']);
  });

  test('an alternate URL does not go with an internal wildcard: it names no host', () => {
    expect(faultPaths({ ...legacy, alternateUrl: 'https://people.example.com/' })).toEqual(['applications[0].alternateUrl']);
  });

  test('an origin with an entry of its own is not reached by another’s wildcard', () => {
    const payroll = {
      ...wiki,
      id: 'payroll',
      externalUrl: 'https://hr.apps.example.com/',
      internalUrl: 'http://payroll.corp.example:8080/',
    };

    expect(faultPaths(legacy, payroll)).toEqual(['applications[1].internalUrl']);
    expect(faultPaths(legacy, { ...payroll, externalUrl: 'https://payroll.apps.example.com/' })).toEqual([]);
    expect(faultPaths(legacy, { ...payroll, internalUrl: 'http://payroll.corp.example/' })).toEqual([]);
    expect(faultPaths({ ...legacy, segments: [{ externalUrl: payroll.externalUrl, internalUrl: payroll.internalUrl }] })).toEqual([]);
  });

  test('no two have an address in common, segments included', () => {
    const segments = [
      { externalUrl: 'https://wiki.apps.example.com/', internalUrl: 'http://static.corp/' },
      { externalUrl: 'https://static.apps.example.com/', internalUrl: 'http://static.corp/' },
      { externalUrl: 'https://static.apps.example.com', internalUrl: 'http://static.corp/' },
    ];

    expect(faultPaths({ ...wiki, segments })).toEqual([
      'applications[0].segments[0].externalUrl',
      'applications[0].segments[2].externalUrl',
    ]);
  });

  test('an alternate host is one application’s, and not the portal’s', () => {
    const one = { ...wiki, alternateUrl: 'https://people.example.com/' };
    const other = { ...wiki, id: 'other', externalUrl: 'https://other.apps.example.com/a/', alternateUrl: 'https://PEOPLE.example.com' };

    expect(faultPaths(one, other)).toEqual(['applications[1].alternateUrl']);
    expect(faultPaths({ ...wiki, alternateUrl: 'https://portal.example.com/' })).toEqual(['applications[0].alternateUrl']);
  });

  test('calls names applications that there are', () => {
    expect(faultPaths({ ...wiki, calls: ['orders'] })).toEqual(['applications[0].calls[0]']);
    expect(faultPaths({ ...wiki, calls: ['orders'] }, { ...wiki, id: 'orders', externalUrl: 'https://orders.apps.example.com/' })).toEqual(
      [],
    );
  });

  test('calls does not go with an external wildcard', () => {
    expect(faultPaths({ ...legacy, internalUrl: 'http://legacy.corp/', calls: ['legacy'] })).toEqual(['applications[0].calls']);
  });

  test('one rule decides on an origin and a path', () => {
    const rule = { origins: ['https://a.example', 'https://a.example'] };

    expect(faultPaths({ ...wiki, cors: [rule, { ...rule, path: '/api/' }] })).toEqual([]);
    expect(faultPaths({ ...wiki, cors: [rule, { origins: ['https://b.example', 'https://a.example'], path: '/' }] })).toEqual([
      'applications[0].cors[1].origins[1]',
    ]);
  });

  test('50 segments are taken, 51 are not', () => {
    const segments = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        externalUrl: `https://s${index}.apps.example.com/`,
        internalUrl: 'http://static.corp/',
      }));

    expect(faultPaths({ ...wiki, segments: segments(50) })).toEqual([]);
    expect(faultPaths({ ...wiki, segments: segments(51) })).toEqual(['applications[0].segments']);
  });
});

/** How many elements of lists are looked at, at most, while `work` is done. */
const looksDuring = (work: () => void): number => {
  let looks = 0;
  const spies = (['filter', 'find', 'findIndex', 'includes', 'indexOf', 'some', 'every', 'map', 'flatMap'] as const).map((name) => {
    const original = Array.prototype[name] as (this: unknown[], ...given: unknown[]) => unknown;
    return jest.spyOn(Array.prototype, name as 'filter').mockImplementation(function (this: unknown[], ...given: unknown[]) {
      looks += this.length;
      return original.apply(this, given) as unknown[];
    });
  });
  try {
    work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return looks;
};

test('twice as many applications are twice the work', () => {
  const portal = { domain: 'example.com', portalHost: 'portal.example.com', alternateHosts: undefined };
  const applications = (count: number) =>
    Array.from({ length: count }, (_, index) => [
      {
        ...wiki,
        id: `a${index}`,
        externalUrl: `https://a${index}.apps.example.com/`,
        internalUrl: `http://a${index}.corp.example/`,
        calls: [`a${count - 1}`],
        singleSignOn: { method: 'saml', entityId: `urn:a${index}`, acsUrls: [`https://a${index}.apps.example.com/acs`] },
      },
      { ...wiki, id: `w${index}`, externalUrl: `https://*.w${index}.apps.example.com/`, internalUrl: `http://*.w${index}.corp.example/` },
    ]).flat();
  const looks = (count: number) => looksDuring(() => expect(crossFaults(applications(count), portal, [])).toEqual([]));
  const [some, double] = [looks(200), looks(400)];

  expect(double / some).toBeLessThan(2.2);
});
