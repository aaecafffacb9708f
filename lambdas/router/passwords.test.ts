import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { PasswordSignOn } from '../../protocol/sign-on.ts';
import { ownerOf } from '../../protocol/vault.ts';
import type { StoredCredentials } from '../stores/records.ts';
import { application, user } from './testing/records.ts';
import { answerWith, type Behaviour, createRig } from './testing/rig.ts';

const password = { method: 'password', headers: {}, scheme: 'basic', credentials: 'user', vaultKey: 'key', form: null } as const;
const OWNER = ownerOf(user());
const PAGE_LOAD = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };

let rig: ReturnType<typeof createRig>;

beforeEach(() => {
  rig = createRig();
  rig.applications.splice(0, 1, application({ singleSignOn: password }));
});

const store = (sealed: string, changes: Partial<StoredCredentials> = {}) => {
  const stored = { sealed, owner: OWNER, setBy: 'alice', setAt: 0, refusedAt: null, ...changes };
  rig.credentials.set(`wiki ${stored.owner}`, stored);
};
const stored = () => rig.credentials.get(`wiki ${OWNER}`);
const sent = () => rig.requests().map(({ signOn }) => signOn as PasswordSignOn);
const problem = (body: Buffer): Record<string, unknown> => JSON.parse(body.toString());
const fail =
  (code: ErrorCode, then: () => void = () => undefined): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type !== 'request') return;
    then();
    reply({ type: 'error', exchange: frame.exchange, n: 0, code, message: 'refused' });
  };

test('the user’s sealed credentials go along, and who they are is told by digests alone; what the user sends as Authorization does not', async () => {
  store('sealed');

  const { response } = await rig.ask({ headers: { Authorization: ['Basic planted'] } });

  expect(response.status).toBe(200);
  expect(sent()).toEqual([
    { method: 'password', application: 'wiki', sealed: 'sealed', owner: OWNER, session: expect.stringMatching(/^[\w-]{43}$/), form: null },
  ]);
  expect(rig.requests()[0]!.headers.some(([name]) => name.toLowerCase() === 'authorization')).toBe(false);
});

test('two sessions of one user are two at the application', async () => {
  store('sealed');

  await rig.ask();
  await rig.ask();

  expect(new Set(sent().map(({ session }) => session)).size).toBe(2);
});

test('shared ones go along for every user', async () => {
  rig.applications.splice(0, 1, application({ singleSignOn: { ...password, credentials: 'shared' } }));
  store('of all', { owner: null });

  await rig.ask();

  expect(sent()).toMatchObject([{ sealed: 'of all', owner: null }]);
});

describe('without any', () => {
  test('a person gets a page that leads to where they are entered; nobody on premises is asked', async () => {
    const { response } = await rig.ask({ headers: PAGE_LOAD });

    expect(response.status).toBe(403);
    expect(response.body().toString()).toContain('href="https://portal.example.com/credentials?application=wiki"');
    expect(rig.requests()).toEqual([]);
  });

  test('a program gets the code and the address', async () => {
    const { response } = await rig.ask();

    expect(problem(response.body())).toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      detail: expect.stringContaining('https://portal.example.com/credentials?application=wiki'),
    });
  });

  test('where they are shared, the user is told that it is the administrator’s to do', async () => {
    rig.applications.splice(0, 1, application({ singleSignOn: { ...password, credentials: 'shared' } }));

    const { response } = await rig.ask();

    expect(problem(response.body()).detail).toMatch(/administrator/);
    expect(String(problem(response.body()).detail)).not.toContain('/credentials');
  });

  test('those that are entered afterwards are seen at once', async () => {
    await rig.ask();
    store('sealed');

    expect((await rig.ask()).response.status).toBe(200);
  });
});

describe('refused by the application', () => {
  beforeEach(() => {
    rig.behaviours.set('tunnel-a=', fail('ERR_CREDENTIALS_REFUSED'));
  });

  test('is noted, told with what to do, and asked no connector again', async () => {
    store('wrong');

    const first = await rig.ask({ headers: PAGE_LOAD });
    const second = await rig.ask();

    expect([first.response.status, second.response.status]).toEqual([403, 403]);
    expect(first.response.body().toString()).toContain('href="https://portal.example.com/credentials?application=wiki"');
    expect(problem(second.response.body())).toMatchObject({ code: 'ERR_CREDENTIALS_REFUSED' });
    expect(stored()?.refusedAt).toBe(rig.clock.now());
    expect(sent()).toHaveLength(1);
  });

  test('others that were entered while the router remembered these are tried in the same request', async () => {
    store('wrong');
    rig.behaviours.set('tunnel-a=', answerWith('in'));
    await rig.ask();
    store('right');
    rig.behaviours.set('tunnel-a=', (received, reply) => {
      const { frame } = received;
      const wrong = frame.type === 'request' && (frame.signOn as PasswordSignOn).sealed === 'wrong';
      (wrong ? fail('ERR_CREDENTIALS_REFUSED') : answerWith('in'))(received, reply);
    });

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe('in');
    expect(sent().map(({ sealed }) => sealed)).toEqual(['wrong', 'wrong', 'right']);
    expect(stored()).toMatchObject({ sealed: 'right', refusedAt: null });
  });

  test('a note that comes late does not touch those that were entered meanwhile', async () => {
    store('wrong');
    rig.behaviours.set(
      'tunnel-a=',
      fail('ERR_CREDENTIALS_REFUSED', () => store('also wrong')),
    );

    await rig.ask();

    expect(sent().map(({ sealed }) => sealed)).toEqual(['wrong', 'also wrong']);
    expect(stored()).toMatchObject({ sealed: 'also wrong', refusedAt: null });
  });
});
