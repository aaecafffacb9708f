import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { KEY_PERIOD_MS, publishedKeys } from '../assertion/signing-keys.ts';
import { createAssertUser } from './assertion.ts';
import { application, user } from './testing/records.ts';

const NOW = 700 * KEY_PERIOD_MS + 5_500;
const PORTAL = 'https://portal.example.com';

const app = (id: string) =>
  application({
    id,
    singleSignOn: {
      method: 'assertion',
      headers: {},
      format: 'sallyport',
      header: 'Sallyport-Assertion',
      audience: `https://${id}.apps.example.com/`,
      claims: {},
    },
  });

const setUp = ({ secret = async () => 'secret' }: { secret?: () => Promise<string> } = {}) => {
  const clock = { now: NOW };
  let ids = 0;
  let reads = 0;
  const assertUser = createAssertUser({
    secret: () => {
      reads += 1;
      return secret();
    },
    portalUrl: PORTAL,
    now: () => clock.now,
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
  });
  const tokenFor = async (id: string, who = user()): Promise<string> => (await assertUser(app(id), who))[0]![1];
  const verified = (token: string, audience: string) =>
    jwtVerify(token, createLocalJWKSet({ keys: [...publishedKeys('secret', clock.now)] as never }), {
      issuer: PORTAL,
      audience,
      algorithms: ['ES256'],
      currentDate: new Date(clock.now),
    });
  return { assertUser, tokenFor, verified, clock, reads: () => reads };
};

test('an assertion lives for two minutes and holds by a key that the portal publishes', async () => {
  const { tokenFor, verified } = setUp();

  const { payload, protectedHeader } = await verified(await tokenFor('wiki'), 'https://wiki.apps.example.com/');

  const issuedAt = Math.floor(NOW / 1000);
  expect(payload).toMatchObject({ iat: issuedAt, nbf: issuedAt, exp: issuedAt + 120, jti: 'id-1', username: 'alice@example.com' });
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: publishedKeys('secret', NOW)[1]!.kid });
});

test('the one of another application is refused', async () => {
  const { tokenFor, verified } = setUp();

  await expect(verified(await tokenFor('payroll'), 'https://wiki.apps.example.com/')).rejects.toMatchObject({
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    claim: 'aud',
  });
});

test('an application that wants none is told nothing, and no secret is read', async () => {
  const { assertUser, reads } = setUp();

  expect(await assertUser(application(), user())).toEqual([]);
  expect(reads()).toBe(0);
});

test('one is used again for a minute, then made anew', async () => {
  const { tokenFor, clock } = setUp();
  const first = await tokenFor('wiki');

  clock.now = NOW + 59_999;
  expect(await tokenFor('wiki')).toBe(first);
  clock.now = NOW + 60_000;
  expect(decodeJwt(await tokenFor('wiki')).jti).toBe('id-2');
});

test('after a period another key signs, without anybody doing anything', async () => {
  const { tokenFor, verified, clock, reads } = setUp();
  const before = await verified(await tokenFor('wiki'), 'https://wiki.apps.example.com/');

  clock.now = NOW + KEY_PERIOD_MS;
  const after = await verified(await tokenFor('wiki'), 'https://wiki.apps.example.com/');

  expect(after.protectedHeader.kid).not.toBe(before.protectedHeader.kid);
  expect(reads()).toBe(2);
});

describe('users never mix', () => {
  test('two hundred users of three applications, all at once and again: everyone is told of as themselves', async () => {
    const { tokenFor, verified } = setUp();
    const people = Array.from({ length: 200 }, (_, index) => user({ subject: `subject-${index}`, username: `user-${index}` }));
    const asked = Array.from({ length: 1_200 }, (_, index) => ({
      who: people[(index * 7) % people.length]!,
      id: ['wiki', 'payroll', 'shop'][index % 3]!,
    }));

    const tokens = await Promise.all(asked.map(({ who, id }) => tokenFor(id, who)));

    const told = tokens.map((token) => decodeJwt(token));
    expect(told.map(({ username, aud }) => [username, aud])).toEqual(
      asked.map(({ who, id }) => [who.username, `https://${id}.apps.example.com/`]),
    );
    await verified(tokens[0]!, 'https://wiki.apps.example.com/');
  });

  test('a user who has got another group meanwhile is told of with it at once', async () => {
    const { tokenFor } = setUp();
    await tokenFor('wiki', user({ groups: ['staff'] }));

    expect(decodeJwt(await tokenFor('wiki', user({ groups: ['staff', 'admins'] }))).groups).toEqual(['staff', 'admins']);
  });
});

test('a user of too many groups is refused, with what to do about it', async () => {
  const { tokenFor } = setUp();
  const groups = Array.from({ length: 400 }, (_, index) => `a-group-with-a-long-name-${index}`);

  await expect(tokenFor('wiki', user({ groups }))).rejects.toMatchObject({
    code: 'ERR_IDENTITY_REFUSED',
    message: expect.stringContaining('{groups|starting(…)}'),
  });
});

test('without the secret nothing is asserted, and it is asked for again', async () => {
  let broken = true;
  const secret = async () => {
    if (broken) throw new SallyportError('ERR_STORE_UNAVAILABLE', 'The secret cannot be read.');
    return 'secret';
  };
  const { tokenFor } = setUp({ secret });

  await expect(tokenFor('wiki')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  broken = false;
  expect(decodeJwt(await tokenFor('wiki')).username).toBe('alice@example.com');
});
