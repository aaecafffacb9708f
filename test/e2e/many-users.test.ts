// Fifty users at once through one router and one bundled connector, by headers, by an application's own sign-in page and by Kerberos: no
// request is ever taken for another user's. `npm run bench:sign-on` does the same ten thousand times, and says how fast.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { domainImpossible } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { type ManyUsers, startManyUsers } from '../support/many-users.ts';

const USERS = 50;
const EACH = 20;

let world: ManyUsers;

beforeAll(async () => {
  world = await startManyUsers(USERS, { withKerberos: domainImpossible() === null });
}, 180_000);
afterAll(() => world?.dispose(), 60_000);

const taken = async (...applications: string[]) => {
  const { requests, wrong } = await world.round(applications, EACH);
  return { requests, wrong };
};

describe('fifty users at once', () => {
  test.each(['headers', 'form'])(
    'are told apart by %s',
    async (method) => {
      expect(await taken(method)).toEqual({ requests: USERS * EACH, wrong: [] });
    },
    120_000,
  );

  withDomain('by Kerberos', () => {
    test('each have a ticket of their own, which is kept', async () => {
      const round = await taken('kerberos');

      const { fetched, kept } = await world.tickets();
      expect(round).toEqual({ requests: USERS * EACH, wrong: [] });
      // On a busy machine a user's call may be given up and made again with a fresh ticket; fetching one for each request would be a thousand.
      expect(fetched).toBeGreaterThanOrEqual(USERS);
      expect(fetched).toBeLessThan(2 * USERS);
      expect(fetched + kept).toBeGreaterThanOrEqual(USERS * EACH);
    }, 120_000);
  });

  test('by all methods at the same time, each as themselves everywhere', async () => {
    const methods = world.pairs.map(({ method }) => method);

    expect(await taken(...methods)).toEqual({ requests: USERS * EACH, wrong: [] });
  }, 120_000);
});
