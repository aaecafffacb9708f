// Attack: credentials that are good for one application are shown to a router which has just seen them be good, at another one, where
// they are worth nothing (cache-key confusion: Oathkeeper GHSA-4mq7-pvjg-xp2r). What a router remembers is never an answer for elsewhere.
import { describe, expect, test } from '@jest/globals';
import { digest } from '../../lambdas/keys.ts';
import { application, HOST } from '../../lambdas/router/testing/records.ts';
import { createRig } from '../../lambdas/router/testing/rig.ts';

const OTHER = 'orders.apps.example.com';
const SECRET = 't'.repeat(43);

const rigWithTwo = () => {
  const rig = createRig();
  const tokens = { scopes: ['read'], header: 'Authorization', services: true };
  rig.applications.splice(
    0,
    1,
    application({ tokens: { ...tokens, audience: 'api://wiki' } }),
    application({ id: 'orders', host: OTHER, tokens: { ...tokens, audience: 'api://orders' } }),
  );
  const now = rig.clock.now();
  const service = {
    id: digest(SECRET),
    name: 'robot',
    applications: ['wiki'],
    createdAt: now,
    createdBy: 'admin',
    expiresAt: now + 3_600_000,
  };
  rig.serviceTokens.set(service.id, service);
  return rig;
};
const accessToken = (audience: string): string =>
  Buffer.from(
    JSON.stringify({ iss: 'https://login.example.com', aud: audience, sub: 's-1', preferred_username: 'alice', scope: 'read' }),
  ).toString('base64url');

describe('good at one application and remembered, but no key to the other:', () => {
  test.each<[string, (rig: ReturnType<typeof createRig>) => Record<string, string[]>]>([
    ['a session', (rig) => ({ Cookie: [rig.signIn()] })],
    ['a token of the identity provider', () => ({ Authorization: [`Bearer ${accessToken('api://wiki')}`] })],
    ['a service token', () => ({ Authorization: [`Bearer sallyport_${SECRET}`] })],
  ])('%s', async (_, credentials) => {
    const rig = rigWithTwo();
    const headers = credentials(rig);
    const statusAt = async (host: string) => (await rig.answer({ host, headers })).status;

    const before = [await statusAt(HOST), await statusAt(OTHER)];
    const at = rig.requests().length;
    const again = [await statusAt(OTHER), await statusAt(HOST), await statusAt(OTHER)];

    expect(before).toEqual([200, 401]);
    expect(again).toEqual([401, 200, 401]);
    expect([at, rig.requests().length]).toEqual([1, 2]);
  });

  test('and one that was refused there is still good here: a refusal is remembered for nobody else either', async () => {
    const rig = rigWithTwo();
    const headers = { Authorization: [`Bearer ${accessToken('api://orders')}`] };

    const refused = await rig.answer({ headers });
    const taken = await rig.answer({ host: OTHER, headers });

    expect([refused.status, taken.status]).toEqual([401, 200]);
  });
});
