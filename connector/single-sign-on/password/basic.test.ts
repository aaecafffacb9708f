import { describe, expect, test } from '@jest/globals';
import { basicApplication, codeOf, playing, seal, textOf } from './testing/played-application.ts';

const challenge = ({ headers }: { readonly headers: ReadonlyArray<readonly [string, string]> }) =>
  headers.some(([name]) => name.toLowerCase() === 'www-authenticate');

test('a user is signed in where the application asks, and for a minute without being asked; what the browser sends is not told', async () => {
  const { ask, heard, clock } = playing(basicApplication());
  const sealed = await seal({});
  const planted = { headers: [['Authorization', 'Basic planted']] as const };

  const first = await textOf(await ask({ sealed }, planted));
  const second = await textOf(await ask({ sealed }, planted));
  await clock.pass(60_001);
  await ask({ sealed }, planted);

  expect([first, second]).toEqual(['alice', 'alice']);
  const basic = `Basic ${btoa('alice:of alice')}`;
  expect(heard.map(({ authorization }) => authorization)).toEqual([undefined, basic, basic, undefined, basic]);
});

test('an upload in parts, which can go but once, has the password with it; a wrong one is tried once then, too', async () => {
  const { ask, attempts, heard } = playing(basicApplication());
  const upload = async function* () {
    yield Buffer.from('much');
  };
  const post = (sealed: string) => ask({ sealed }, { method: 'POST', body: upload() });

  expect(await textOf(await post(await seal({})))).toBe('alice');
  expect(heard).toHaveLength(1);
  const wrong = await seal({ password: 'wrong' });
  const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(post(wrong))));

  expect(new Set(codes)).toEqual(new Set(['ERR_CREDENTIALS_REFUSED']));
  expect(attempts()).toBe(2);
});

test('where nobody asks, no password is sent', async () => {
  const { ask, attempts } = playing(basicApplication());

  expect(await textOf(await ask({ sealed: await seal({ password: 'wrong' }) }, { path: '/public' }))).toBe('everybody');
  expect(attempts()).toBe(0);
});

describe('a wrong password', () => {
  test('is tried once, however many ask at once and afterwards, until another is entered', async () => {
    const { ask, attempts } = playing(basicApplication());
    const sealed = await seal({ password: 'wrong' });

    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(ask({ sealed }))));
    const later = await codeOf(ask({ sealed, session: 'another' }));

    expect(new Set([...codes, later])).toEqual(new Set(['ERR_CREDENTIALS_REFUSED']));
    expect(attempts()).toBe(1);
    expect(await textOf(await ask({ sealed: await seal({}) }))).toBe('alice');
  });

  test('of one user keeps no other from signing in', async () => {
    const { ask } = playing(basicApplication());
    await codeOf(ask({ sealed: await seal({ password: 'wrong' }) }));

    expect(await textOf(await ask({ sealed: await seal({ username: 'bob', password: 'of bob' }) }))).toBe('bob');
  });

  test('that was right before is given up after three refusals; until then users see the application’s own words, without a dialogue', async () => {
    const passwords: Record<string, string> = { alice: 'of alice' };
    const { ask, attempts } = playing((heard) => basicApplication(passwords)(heard));
    const sealed = await seal({});
    await ask({ sealed });
    passwords.alice = 'changed';

    const answers = [await ask({ sealed }), await ask({ sealed })];
    const last = [await codeOf(ask({ sealed })), await codeOf(ask({ sealed }))];

    expect(answers.map((answer) => [answer.status, challenge(answer)])).toEqual([
      [401, false],
      [401, false],
    ]);
    expect(last).toEqual(['ERR_CREDENTIALS_REFUSED', 'ERR_CREDENTIALS_REFUSED']);
    expect(attempts()).toBe(4);
  });
});

test('a page that is not for this user is no wrong password', async () => {
  const { ask } = playing(basicApplication());
  const sealed = await seal({});
  await ask({ sealed });

  const refused = await ask({ sealed }, { path: '/admin' });

  expect([refused.status, challenge(refused)]).toEqual([401, false]);
  expect(await textOf(await ask({ sealed }))).toBe('alice');
});

test('an application that breaks off in the middle of a trial lets the next one try', async () => {
  let broken = true;
  const { ask } = playing((heard) => {
    if (heard.authorization !== undefined && broken) throw new Error('broken off');
    return basicApplication()(heard);
  });
  const sealed = await seal({});

  expect(await codeOf(ask({ sealed }))).toBe('broken off');
  broken = false;
  expect(await textOf(await ask({ sealed }))).toBe('alice');
});

test('a user name with a colon would be another one with another password', async () => {
  const { ask, heard } = playing(basicApplication());

  expect(await codeOf(ask({ sealed: await seal({ username: 'alice:x' }) }))).toBe('ERR_CREDENTIALS_REFUSED');
  expect(heard).toEqual([]);
});
