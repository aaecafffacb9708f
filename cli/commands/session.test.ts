// Sessions of users, and service tokens of programs.
import { describe, expect, test } from '@jest/globals';
import { createTestingCli, NOW } from '../testing-cli.ts';

const cli = createTestingCli();

describe('sessions and service tokens', () => {
  test.each([
    [0, 'Nobody was signed in there: nothing was revoked.'],
    [1, 'One session is revoked; downloads and streams of theirs end within 10 seconds.'],
    [2, '2 sessions are revoked; downloads and streams of theirs end within 10 seconds.'],
  ])('revoke says that %d ended', async (revoked, line) => {
    expect(
      await cli.runAt({ 'POST /control/sessions/revocations': [200, { revoked }] }, 'session', 'revoke', '--application', 'wiki'),
    ).toBe(0);

    expect(cli.asked[0]!.body).toBe('{"application":"wiki"}');
    expect(cli.said).toEqual([line]);
  });

  test('list shows a user’s sign-ins', async () => {
    const sessions = [{ id: 's-1', user: 'bob', createdAt: NOW, expiresAt: NOW + 3_600_000, mfa: true }];
    expect(await cli.runAt({ 'GET /control/sessions?user=bob': [200, { sessions }] }, 'session', 'list', 'bob')).toBe(0);

    expect(cli.said).toEqual(['s-1  since 2026-11-24T10:00Z, until 2026-11-24T11:00Z, with a second factor']);
  });

  test('a token is shown once, and never among the arguments', async () => {
    const made = { name: 'ci', token: 'sallyport_secret', expiresAt: NOW };
    const words = ['token', 'create', 'ci', '--application', 'wiki', '--application', 'hr', '--days', '30'];
    expect(await cli.runAt({ 'POST /control/service-tokens': [201, made] }, ...words)).toBe(0);

    expect(JSON.parse(cli.asked[0]!.body)).toEqual({ name: 'ci', applications: ['wiki', 'hr'], days: 30 });
    expect(cli.said.filter((line) => line.includes('secret'))).toEqual(['  sallyport_secret']);
  });
});
