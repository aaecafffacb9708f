import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DecisionReport } from '../../protocol/control.ts';
import { NOW, read, startWorld, type World, wiki } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('decisions', () => {
  const conditions = [{ name: 'Office', paths: ['/admin/'], refuse: { networks: ['192.0.2.0/24'] } }];
  const ask = async (url: string, situation: object, method = 'GET') => {
    await world.call('PUT', 'applications', { applications: [{ ...wiki, conditions }] });
    return world.call('POST', 'decisions', { method, url, situation });
  };

  test('are the router’s own, with everything that was looked at', async () => {
    const answer = await ask('https://WIKI.apps.example.com/x/../admin/?q', { user: 'alice', groups: ['staff'] });

    expect(read<DecisionReport>(answer)).toEqual({
      application: 'wiki',
      request: { method: 'GET', host: 'wiki.apps.example.com', path: '/x/../admin/' },
      outcome: 'deny',
      rule: 'Office',
      examined: [
        { rule: 'access', met: true, findings: [] },
        { rule: 'Office', met: false, findings: [{ requirement: 'networks', holds: true, wanted: '192.0.2.0/24', found: '192.0.2.1' }] },
      ],
      supposed: { groups: ['staff'], session: null },
    });
  });

  test('take the user for whom a session says, the last one or the one that is named', async () => {
    const user = { issuer: 'i', subject: 's', username: 'alice', name: '', email: '', groups: [], claims: {}, amr: [] };
    const session = (id: string, createdAt: number, groups: readonly string[]) => ({
      ...{ id, parent: id, host: null, user: { ...user, groups }, createdAt, expiresAt: NOW + 1000, mfa: true, authenticatedAt: null },
    });
    await world.call('PUT', 'applications', { applications: [{ ...wiki, access: { groups: ['staff'] } }] });
    await world.sessions.create(session('old', NOW - 2, ['staff']));
    await world.sessions.create(session('new', NOW - 1, []));
    const decided = async (which: string, username = 'alice') =>
      world.call('POST', 'decisions', {
        method: 'GET',
        url: 'https://wiki.apps.example.com/',
        situation: { user: username },
        session: which,
      });

    expect(read<DecisionReport>(await decided('last'))).toMatchObject({ outcome: 'deny', supposed: { groups: [], session: NOW - 1 } });
    expect(read<DecisionReport>(await decided('old'))).toMatchObject({
      outcome: 'allow',
      supposed: { groups: ['staff'], session: NOW - 2 },
    });
    for (const [which, username] of [
      ['last', 'bob'],
      ['none', 'alice'],
      ['old', 'bob'],
    ] as const) {
      expect([which, (await decided(which, username)).statusCode]).toEqual([which, 404]);
    }
  });

  test('are not made on methods that are never forwarded', async () => {
    for (const method of ['PROPFIND', 'TRACE', 'get']) {
      const answer = await ask('https://wiki.apps.example.com/', { user: 'alice' }, method);

      expect([method, answer.statusCode, read<{ code: string }>(answer).code]).toEqual([method, 400, 'ERR_REQUEST_INVALID']);
    }
  });

  test('are not made on reserved paths, however they are written, nor on what is no URL', async () => {
    for (const url of ['https://wiki.apps.example.com/.sallyport/session', 'https://wiki.apps.example.com/%2esallyport/x?y', 'wiki']) {
      const answer = await ask(url, { user: 'alice' });

      expect([url, answer.statusCode, read<{ code: string }>(answer).code]).toEqual([url, 400, 'ERR_REQUEST_INVALID']);
    }
  });

  test('know what a query asks to be taken for', async () => {
    const guarded = { ...wiki, conditions: [{ name: 'Kept', methods: ['DELETE'], refuse: {} }] };
    await world.call('PUT', 'applications', { applications: [guarded] });

    const url = 'https://wiki.apps.example.com/page?_method=DELETE#top';
    const answer = await world.call('POST', 'decisions', { method: 'POST', url, situation: { user: 'alice' } });

    expect(read<DecisionReport>(answer)).toMatchObject({ outcome: 'deny', rule: 'Kept' });
  });

  test.each([
    ['https://other.apps.example.com/', { user: 'alice' }, 404, 'ERR_APPLICATION_UNKNOWN'],
    ['https://wiki.apps.example.com:x/', { user: 'alice' }, 400, 'ERR_REQUEST_INVALID'],
    ['wiki', { user: 'alice' }, 400, 'ERR_REQUEST_INVALID'],
    ['https://wiki.apps.example.com/', { user: 'alice', shoeSize: 44 }, 400, 'ERR_CONFIGURATION_INVALID'],
  ])('%s, supposing %j, is refused as the router would, or named', async (url, situation, status, code) => {
    const answer = await ask(url, situation);

    expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([status, code]);
  });
});
