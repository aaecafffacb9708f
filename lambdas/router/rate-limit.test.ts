// Attack: tokens and sign-in codes are guessed at an application's host, with a new pretended address each time.
import { expect, test } from '@jest/globals';
import { ATTEMPT_LIMITS } from '../../protocol/limits.ts';
import { digest } from '../keys.ts';
import { SIGN_IN_COOKIE } from './cookies.ts';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const SECRET = 's'.repeat(43);

const rigWith = () => {
  const rig = createRig();
  rig.applications[0] = {
    ...application({ tokens: { header: 'Authorization', audience: null, scopes: [], services: true } }),
    callers: [],
  };
  rig.serviceTokens.set(digest(SECRET), {
    ...{ id: digest(SECRET), name: 'robot', applications: ['wiki'], createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER, createdBy: 'ada' },
  });
  return rig;
};
const bearer = (secret: string, pretended = '198.51.100.1') => ({
  headers: { Authorization: [`Bearer sallyport_${secret}`], 'X-Forwarded-For': [pretended], Forwarded: [`for=${pretended}`] },
});
const code = { path: '/.sallyport/session', multiValueQueryStringParameters: { code: ['g'.repeat(43)] } };
const browser = { headers: { Cookie: [`${SIGN_IN_COOKIE}=${'b'.repeat(43)}`] } };

test('beyond the limit wrong tokens get 429 with Retry-After, whatever address their headers pretend', async () => {
  const rig = rigWith();
  rig.counters.beginAt = ATTEMPT_LIMITS.token - 1;

  const answers = [await rig.answer(bearer('x'.repeat(43), '198.51.100.1')), await rig.answer(bearer('y'.repeat(43), '198.51.100.2'))];

  expect(answers.map(({ status }) => status)).toEqual([401, 429]);
  expect(Object.fromEntries(answers[1]!.headers)).toMatchObject({ 'Retry-After': '300', 'Content-Type': 'application/problem+json' });
  expect([...rig.counters.counted.keys()]).toEqual([expect.stringMatching(/^token#203\.0\.113\.9#\d+$/)]);
});

test('a good token is taken all the while, and costs no operation of the counters', async () => {
  const rig = rigWith();
  rig.counters.beginAt = ATTEMPT_LIMITS.token;
  await rig.answer(bearer('x'.repeat(43)));
  const counted = new Map(rig.counters.counted);

  const { status } = await rig.answer(bearer(SECRET));

  expect(status).toBe(200);
  expect(rig.counters.counted).toEqual(counted);
});

test('beyond the limit wrong sign-in codes get 429', async () => {
  const rig = rigWith();
  rig.counters.beginAt = ATTEMPT_LIMITS.code - 1;

  const answers = [await rig.answer({ ...code, ...browser }), await rig.answer({ ...code, ...browser })];

  expect(answers.map(({ status }) => status)).toEqual([400, 429]);
});

test('what is refused for another reason is not counted', async () => {
  const rig = rigWith();

  await rig.answer({ path: '/x/../admin' });
  await rig.answer({ host: 'nothing.apps.example.com' });
  await rig.answer({ headers: { Accept: ['text/html'] } });

  expect(rig.counters.counted.size).toBe(0);
});

test('with the counters’ store down a wrong token is refused as ever', async () => {
  const rig = rigWith();
  rig.counters.failing = new Error('down');

  expect((await rig.answer(bearer('x'.repeat(43)))).status).toBe(401);
});
