import { describe, expect, test } from '@jest/globals';
import type { ApplicationHere } from '../stores/records.ts';
import { application, type EventChanges, event } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

describe('/robots.txt', () => {
  const asked = async (changes: EventChanges = {}, ...applications: ApplicationHere[]) => {
    const rig = createRig();
    if (applications.length > 0) rig.applications.splice(0, 1, ...applications);
    const { response, done } = rig.begin(event({ path: '/robots.txt', ...changes }));
    await done;
    return { rig, response };
  };

  test('turns crawlers away without a sign-in', async () => {
    const { rig, response } = await asked();

    expect(response.status).toBe(200);
    expect(response.header('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(response.body().toString()).toBe('User-agent: *\nDisallow: /\n');
    expect(rig.received).toEqual([]);
  });

  test('of a host whose applications are below paths does so too', async () => {
    const { response } = await asked({}, application({ path: '/wiki/', robots: 'application' }));

    expect(response.body().toString()).toContain('Disallow: /');
  });

  test('is the application’s where the tenant file says so, by the application’s own rules', async () => {
    const open = application({ robots: 'application', preAuthentication: 'pass-through' });
    const own = await asked({}, open);
    const guarded = await asked({}, application({ robots: 'application' }));

    expect(own.response.body().toString()).toBe('hello');
    expect(guarded.response.status).toBe(401);
    expect(guarded.rig.received).toEqual([]);
  });

  test.each<EventChanges>([{ path: '/robots%2Etxt' }, { path: '/a/robots.txt' }, { path: '/robots.txt/' }, { httpMethod: 'POST' }])(
    'and nothing else gets by without a sign-in: %j',
    async (changes) => {
      const { rig, response } = await asked(changes);

      expect(response.status).toBe(401);
      expect(rig.received).toEqual([]);
    },
  );

  test('of a host without applications is nothing', async () => {
    const { response } = await asked({ host: 'none.example.com' });

    expect(response.status).toBe(404);
  });
});
