// Attack: an enrolment code that leaked.
//
// Somebody finds the code that an administrator used, in a chat or a shell's history, and tries to make a connector of their own with
// it, to be sent the tenant's requests: after the administrator, at the same moment, or an hour later when nobody used it. A code is
// good once and for an hour, and belongs to whoever comes first; every refusal is in the enrolment function's log.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { control } from '../support/administrator.ts';
import { expireCode } from '../support/expired-code.ts';
import { functionLog, type LogLine } from '../support/logs.ts';
import { playEnrolment } from '../support/played-connector.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld('--connectors', '0');
}, 120_000);
afterAll(() => world?.dispose(), 60_000);

const enrolWith = async (code: string, name: string): Promise<void> => (await playEnrolment(code, name)).dispose();
const issue = async (): Promise<string> => (await control(world).issueCode('default')).code;
const enrolled = async (): Promise<number> => (await control(world).status()).connectors.length;
const refusals = async (): Promise<LogLine[]> =>
  (await functionLog(world, 'enrolment')).filter(({ event }) => event === 'enrolment.refused');

test('used before: ERR_ENROLMENT_INVALID, logged, and no connector more', async () => {
  const code = await issue();
  await enrolWith(code, 'administrator');
  const [before, logged] = [await enrolled(), (await refusals()).length];

  await expect(enrolWith(code, 'mallory')).rejects.toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });

  expect((await refusals()).slice(logged)).toMatchObject([{ level: 'warn', code: 'ERR_ENROLMENT_INVALID', address: '127.0.0.1' }]);
  expect(await enrolled()).toBe(before);
});

test('used by both at one moment: one of them is a connector', async () => {
  const code = await issue();
  const before = await enrolled();

  const outcomes = await Promise.allSettled([enrolWith(code, 'administrator'), enrolWith(code, 'mallory')]);

  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(lost).toMatchObject([{ reason: { code: 'ERR_ENROLMENT_INVALID' } }]);
  expect(await enrolled()).toBe(before + 1);
});

test('an hour old: ERR_ENROLMENT_INVALID, logged, and no connector more', async () => {
  const code = await issue();
  await expireCode(world, code);
  const [before, logged] = [await enrolled(), (await refusals()).length];

  await expect(enrolWith(code, 'mallory')).rejects.toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });

  expect((await refusals()).slice(logged)).toMatchObject([{ level: 'warn', code: 'ERR_ENROLMENT_INVALID' }]);
  expect(await enrolled()).toBe(before);
});

test('neither log nor refusal repeats the code', async () => {
  const code = await issue();
  await enrolWith(code, 'administrator');
  const secret = code.split('#')[1]!;

  const refused: Error = await enrolWith(code, 'mallory').then(
    () => new Error('it was taken'),
    (error: Error) => error,
  );

  expect(refused.message).not.toContain(secret);
  expect(JSON.stringify(await functionLog(world, 'enrolment'))).not.toContain(secret);
});
