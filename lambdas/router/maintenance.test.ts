import { describe, expect, test } from '@jest/globals';
import type { Application } from '../stores/records.ts';
import { application, event } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const problem = (body: Buffer): Record<string, unknown> => JSON.parse(body.toString());

describe('maintenance', () => {
  const under = (maintenance: string | null, changes: Partial<Application> = {}) => {
    const rig = createRig();
    rig.applications[0] = application({ maintenance, ...changes });
    return rig;
  };

  test('every user who may use the application reads the administrator’s words, and nothing reaches a connector', async () => {
    const rig = under('Back on <Monday>');

    const { response } = await rig.ask({ headers: { 'Sec-Fetch-Mode': ['navigate'] } });

    expect(response.status).toBe(503);
    expect(response.header('Retry-After')).toBe('300');
    expect(response.body().toString()).toContain('Back on &lt;Monday&gt;');
    expect(rig.received).toEqual([]);
    expect(rig.logged('request.answered')).toMatchObject([{ answer: 'maintenance', status: 503 }]);
  });

  test('a program gets the words as a problem', async () => {
    const { response } = await under('Back on Monday').ask();

    expect(problem(response.body())).toMatchObject({ status: 503, code: 'ERR_MAINTENANCE', detail: 'Back on Monday' });
  });

  test('without words of the administrator’s own there are some of ours', async () => {
    const { response } = await under('').ask();

    expect(problem(response.body()).detail).toContain('being worked on');
  });

  test('is nobody’s business who could not use the application anyway', async () => {
    const stranger = under('secret plan').begin(event());
    const refused = await under('secret plan', { access: { users: ['bob'], groups: [] } }).ask();
    await stranger.done;

    expect([stranger.response.status, refused.response.status]).toEqual([401, 403]);
    expect(stranger.response.body().toString() + refused.response.body().toString()).not.toContain('secret plan');
  });

  test('of an application without sign-in is told to everyone', async () => {
    const asked = under('Back on Monday', { preAuthentication: 'pass-through' }).begin(event());
    await asked.done;

    expect(asked.response.status).toBe(503);
  });
});
