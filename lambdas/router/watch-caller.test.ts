import { describe, expect, test } from '@jest/globals';
import { turn } from './testing/manual-clock.ts';
import { event } from './testing/records.ts';
import type { Behaviour } from './testing/rig.ts';
import { createRig } from './testing/rig.ts';

/** Begins an answer and leaves it open, as server-sent events do. */
const open: Behaviour = ({ frame }, reply) => {
  if (frame.type !== 'request') return;
  reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [], end: false }, Buffer.from('first'));
};

const begin = async () => {
  const rig = createRig();
  rig.behaviours.set('tunnel-a=', open);
  const cookie = rig.signIn();
  const asked = rig.begin(event({ headers: { Cookie: [cookie] } }));
  await turn();
  return { rig, ...asked };
};
const pass = async ({ clock }: ReturnType<typeof createRig>, seconds: number) => {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    await turn();
  }
};

describe('an answer that is under way', () => {
  test('ends within ten seconds of a revocation, visibly, and the connector is told', async () => {
    const { rig, response, finished, failure } = await begin();
    await pass(rig, 25);
    expect([response.status, finished()]).toEqual([200, false]);

    rig.sessions.clear();
    await pass(rig, 10);

    expect([finished(), failure()]).toEqual([true, expect.objectContaining({ code: 'ERR_SESSION_ENDED' })]);
    expect(rig.received.map(({ frame }) => frame.type)).toContain('cancel');
  });

  test('outlives a store that cannot be read for a moment, and no longer', async () => {
    const { rig, finished } = await begin();

    rig.failing.sessions = new Error('throttled');
    await pass(rig, 25);
    expect(finished()).toBe(false);
    await pass(rig, 15);

    expect(finished()).toBe(true);
  });
});
