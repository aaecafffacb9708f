// A session that is good, and conditions that ask for more than it shows.
import { describe, expect, test } from '@jest/globals';
import type { Requirements } from '../../policy/requirements.ts';
import { digest } from '../keys.ts';
import type { Application, Session } from '../stores/records.ts';
import { application, session, user } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const PAGE = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };

describe('conditions', () => {
  const secret = 's'.repeat(43);
  const signedIn = (rig: ReturnType<typeof createRig>, changes: Partial<Session> = {}) =>
    rig.sessions.set(digest(secret), session({ id: digest(secret), expiresAt: rig.clock.now() + 3_600_000, ...changes }));
  const COOKIE = { Cookie: [`__Host-sallyport-session=${secret}`] };
  const asks = (require: Requirements) => {
    const rig = createRig();
    rig.applications[0] = application({ conditions: [{ name: 'Two factors', paths: [], methods: [], require, refuse: null }] });
    return rig;
  };

  test('a page load is sent to show a second factor, and says how recent the sign-in must be', async () => {
    const rig = asks({ mfa: true, signedInWithinSeconds: 900 });
    signedIn(rig);

    const response = await rig.answer({ headers: { ...PAGE, ...COOKIE } });

    const { searchParams } = new URL(response.header('Location')!);
    expect([response.status, searchParams.get('mfa'), searchParams.get('max_age')]).toEqual([302, '1', '900']);
    expect(rig.received).toEqual([]);
  });

  test('a script is told so (RFC 9470)', async () => {
    const rig = asks({ mfa: true });
    signedIn(rig);

    const response = await rig.answer({ headers: { ...COOKIE, 'Sec-Fetch-Mode': ['cors'] } });

    expect([response.status, response.header('WWW-Authenticate')]).toEqual([401, 'Sallyport error="insufficient_user_authentication"']);
    expect(JSON.parse(response.body().toString())).toMatchObject({ code: 'ERR_STEP_UP_REQUIRED' });
  });

  test('a form is kept while its user, who is signed in, signs in again', async () => {
    const rig = asks({ mfa: true });
    signedIn(rig);
    const sent = { 'Sec-Fetch-Site': ['same-origin'], 'Content-Type': ['application/x-www-form-urlencoded'] };

    const response = await rig.answer({ httpMethod: 'POST', body: 'a=b', headers: { ...PAGE, ...COOKIE, ...sent } });

    const page = response.body().toString();
    expect([response.status, page.includes(`data-body="${btoa('a=b')}"`), page.includes('mfa=1')]).toEqual([200, true, true]);
    expect(page).not.toMatch(/signed out/i);
    expect(rig.received).toEqual([]);
  });

  test('who does not meet one is refused before anything reaches a connector', async () => {
    const rig = asks({ networks: ['198.51.100.0/24'] });
    signedIn(rig);

    const response = await rig.answer({ headers: COOKIE });

    expect([response.status, JSON.parse(response.body().toString()).code]).toEqual([403, 'ERR_CONDITION_NOT_MET']);
    expect(rig.received).toEqual([]);
  });

  test.each<[string, Partial<Application>]>([
    [
      'refused by a group',
      { conditions: [{ name: 'No contractors', paths: [], methods: [], require: null, refuse: { groups: ['contractors'] } }] },
    ],
    ['assigned by a group', { access: { users: [], groups: ['staff'] } }],
    [
      'refused by an expression',
      { conditions: [{ name: 'No contractors', paths: [], methods: [], require: null, refuse: { when: '"contractors" in user.groups' } }] },
    ],
  ])('whose groups the provider left out does not slip through: %s', async (_, changes) => {
    const rig = createRig();
    rig.applications[0] = application({ access: 'everyone', ...changes });
    signedIn(rig, { user: user({ groups: [], groupsLeftOut: true }) });

    const response = await rig.answer({ headers: COOKIE });

    expect([response.status, JSON.parse(response.body().toString()).code]).toEqual([403, 'ERR_GROUPS_UNKNOWN']);
    expect(rig.received).toEqual([]);
  });
});
