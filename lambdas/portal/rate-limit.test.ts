// Attack: sign-ins are begun and answers of the provider made up without end, with a new pretended address each time.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ATTEMPT_LIMITS, ATTEMPT_WINDOW_MS } from '../../protocol/limits.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.clock += ATTEMPT_WINDOW_MS;
  world.lines.length = 0;
  Object.assign(world.counters, { beginAt: 0, failing: null });
});

const atProvider = (url: string) => url.startsWith(world.idp.issuer);
const begin = (pretended = '198.51.100.1') =>
  new Browser({ 'x-forwarded-for': pretended, forwarded: `for=${pretended}` }).open(`${world.portalUrl}/sign-in`, { until: atProvider });

describe('sign-ins that are begun', () => {
  test('are taken up to the limit; beyond it a person gets a page with 429, whatever address is pretended', async () => {
    world.counters.beginAt = ATTEMPT_LIMITS['sign-in'] - 1;

    const [last, beyond] = [await begin('198.51.100.1'), await begin('198.51.100.2')];

    expect(last.url).toMatch(world.idp.issuer);
    expect(beyond).toMatchObject({ status: 429, text: expect.stringContaining('Too many attempts came from your network.') });
  });

  test('beyond the limit are one event of the audit, with the address', async () => {
    world.counters.beginAt = ATTEMPT_LIMITS['sign-in'];

    await begin();
    await begin();

    const events = world.lines.map((line) => JSON.parse(line)).filter(({ audit }) => audit !== undefined);
    expect(events).toMatchObject([{ audit: 'limit', address: '192.0.2.1', ocsf: { policy: { name: 'sign-in attempts of one source' } } }]);
  });

  test('go on while the counters’ store is down: what a sign-in needs of the store is asked for anyway', async () => {
    world.counters.failing = new Error('down');

    expect((await begin()).url).toMatch(world.idp.issuer);
  });
});

test('answers of the provider that are none of ours get 429 beyond the limit, and Retry-After', async () => {
  world.counters.beginAt = ATTEMPT_LIMITS.code - 1;
  const answer = () => fetch(`${world.address}/callback/any?code=x&state=y`);

  const [last, beyond] = [await answer(), await answer()];

  expect([last.status, beyond.status]).toEqual([400, 429]);
  expect(beyond.headers.get('retry-after')).toBe('300');
  expect(await beyond.json()).toMatchObject({ code: 'ERR_RATE_LIMITED' });
});
