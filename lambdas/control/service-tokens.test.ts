import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceTokenSecret } from '../../protocol/control.ts';
import { digest } from '../keys.ts';
import { ADMINISTRATOR, NOW, read, SECRET, startWorld, type World, wiki } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('service tokens', () => {
  const publish = () => world.call('PUT', 'applications', { applications: [{ ...wiki, tokens: { services: true } }] });
  const create = (changes: object = {}) =>
    world.call('POST', 'service-tokens', { name: 'ci', applications: ['wiki'], days: 30, ...changes });

  test('are shown once, kept as digests, and listed without their secrets', async () => {
    await publish();

    const made = read<ServiceTokenSecret>(await create());
    const listed = await world.call('GET', 'service-tokens');

    expect(made).toEqual({ name: 'ci', token: `sallyport_${SECRET}`, expiresAt: NOW + 30 * 86_400_000 });
    expect(await world.serviceTokens.find(digest(SECRET))).toMatchObject({ name: 'ci', createdBy: ADMINISTRATOR.iam.userArn });
    expect(read(listed)).toEqual({
      tokens: [
        {
          name: 'ci',
          applications: ['wiki'],
          createdAt: NOW,
          expiresAt: made.expiresAt,
          createdBy: ADMINISTRATOR.iam.userArn,
        },
      ],
    });
    expect(JSON.stringify(world.lines) + listed.body).not.toContain(SECRET);
  });

  test('rotate: the secret before ends within a day', async () => {
    await publish();
    const old = digest('an older secret');
    const record = {
      id: old,
      name: 'ci',
      applications: ['wiki'],
      createdAt: NOW - 1000,
      expiresAt: NOW + 30 * 86_400_000,
      createdBy: 'ada',
    };
    await world.serviceTokens.create(record);

    expect((await world.call('POST', 'service-tokens/ci/rotations')).statusCode).toBe(201);

    expect(await world.serviceTokens.find(old)).toMatchObject({ expiresAt: NOW + 86_400_000 });
    expect(await world.serviceTokens.find(digest(SECRET))).toMatchObject({ expiresAt: NOW + 30 * 86_400_000 + 1000 });
  });

  test('revoke ends them all', async () => {
    await publish();
    await create();

    expect((await world.call('DELETE', 'service-tokens/ci')).statusCode).toBe(200);

    expect(await world.serviceTokens.all()).toEqual([]);
    expect((await world.call('DELETE', 'service-tokens/ci')).statusCode).toBe(404);
    expect((await world.call('POST', 'service-tokens/ci/rotations')).statusCode).toBe(404);
  });

  test.each([
    [{ name: 'No Name' }, 'lower-case'],
    [{ applications: [] }, 'at least one application'],
    [{ applications: ['other'] }, 'other is none'],
    [{ days: 401 }, '1 to 400 days'],
    [{ days: '30' }, '1 to 400 days'],
  ])('%j is refused', async (changes, words) => {
    await publish();

    const answer = await create(changes);

    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(words)]);
  });

  test('an application that takes none gets none; a name is used once', async () => {
    await world.call('PUT', 'applications', { applications: [wiki] });
    expect((await create()).body).toContain('services: true');
    await publish();
    await create();

    expect((await create()).body).toContain('There is a service token ci');
  });
});
