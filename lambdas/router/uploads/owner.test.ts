// Attack: whoever has the address of an upload goes on with it, or ends it.
import { describe, expect, test } from '@jest/globals';
import { UPLOAD_MAX_MS } from '../../../protocol/limits.ts';
import { ownerOf } from '../../../protocol/vault.ts';
import { application, event, user } from '../testing/records.ts';
import { asked, beginning, call, codeOf, createUploads, parting } from '../testing/uploads.ts';

describe('an upload belongs to whoever began it:', () => {
  test('another session of the same user knows nothing of it', async () => {
    const { rig, connector, begun, exchange } = createUploads();
    const path = await begun();
    const other = rig.signIn();

    const answers = [
      await rig.answer(parting(other, path, 0, 'abcdef')),
      await rig.answer(call(other, 'HEAD', path)),
      await rig.answer(call(other, 'DELETE', path)),
      await rig.answer(call(other, 'GET', `${path}/response`)),
    ];

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(rig.received.map(({ frame }) => frame.type)).toEqual(['request']);
    expect(connector.body(exchange())).toBe('');
  });

  test('the connector is told whose it is, and not the session', async () => {
    const { rig, begun } = createUploads();
    await begun();
    await begun();
    await rig.answer(beginning(rig.signIn()));

    const owners = rig.requests().map(({ upload }) => upload!.owner!);

    expect(owners[0]).toBe(owners[1]);
    expect(owners[2]).not.toBe(owners[0]);
    expect([...rig.sessions.keys()].filter((id) => owners.includes(id))).toEqual([]);
  });

  test('a session that has ended brings no further part', async () => {
    const { rig, connector, cookie, begun, exchange } = createUploads();
    const path = await begun();
    rig.sessions.clear();
    await rig.clock.advance(11_000);

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect(answer.status).toBe(401);
    expect(connector.body(exchange())).toBe('');
  });

  test('one that ends while a part waits ends the part and the upload', async () => {
    const { rig, connector, cookie, begun } = createUploads();
    const path = await begun();
    connector.loses = ({ offset, until }) => offset !== until;
    const sending = rig.begin(event(parting(cookie, path, 0, 'abcdef')));
    await asked(rig);
    rig.sessions.clear();

    await rig.clock.advance(10_000);
    await sending.done;

    expect([sending.response.status, codeOf(sending.response)]).toEqual([401, 'ERR_SESSION_ENDED']);
    expect(rig.received.at(-1)!.frame.type).toBe('cancel');
  });

  test('who is no longer assigned brings no further part', async () => {
    const { rig, cookie, begun } = createUploads();
    const path = await begun();
    rig.applications[0] = application({ bigUploads: 'on', access: { groups: ['others'] } as never });
    await rig.clock.advance(11_000);

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([403, 'ERR_ACCESS_DENIED']);
  });

  test('a program goes on with the token that it began with, and no other', async () => {
    const { rig } = createUploads({
      access: 'everyone',
      tokens: { header: 'Authorization', audience: 'api://wiki', scopes: [], services: true },
    });
    const bearer = (sub: string) =>
      `Bearer ${Buffer.from(JSON.stringify({ iss: 'https://login.example.com', aud: 'api://wiki', sub, preferred_username: sub, exp: 4e9 })).toString('base64url')}`;
    const as = (who: string, changes: ReturnType<typeof parting>) => ({
      ...changes,
      headers: { ...changes.headers, Authorization: [bearer(who)] },
    });
    const token = (changes: ReturnType<typeof parting>) => as('alice', changes);
    const begun = await rig.answer(token(beginning('')));
    const path = begun.header('Location')!;

    const mine = await rig.answer(token(parting('', path, 0, 'abcdef')));
    const others = await rig.answer(as('bob', parting('', path, 6, 'ghijkl')));

    expect([begun.status, mine.status, others.status]).toEqual([201, 204, 404]);
    expect(JSON.stringify(rig.requests()[0]!.headers)).not.toContain('Bearer');
  });

  test('an address that was not made here, was altered, is of another host or too old, is nobody’s', async () => {
    const { rig, cookie, begun } = createUploads();
    rig.applications.push(application({ id: 'shop', host: 'shop.apps.example.com', bigUploads: 'on' }));
    const path = await begun();
    const altered = path.slice(0, -2) + (path.endsWith('AA') ? 'BB' : 'AA');

    const answers = [
      await rig.answer(call(cookie, 'DELETE', '/.sallyport/uploads/made-up')),
      await rig.answer(call(cookie, 'DELETE', altered)),
      await rig.answer({ ...call(rig.signIn({ host: 'shop.apps.example.com' }), 'DELETE', path), host: 'shop.apps.example.com' }),
    ];
    await rig.clock.advance(UPLOAD_MAX_MS + 1);
    const late = rig.signIn({ expiresAt: rig.clock.now() + 1_000 });
    answers.push(await rig.answer(call(late, 'DELETE', path)));

    expect(answers.map(codeOf)).toEqual(Array(4).fill('ERR_UPLOAD_UNKNOWN'));
  });

  test('its address is in no log', async () => {
    const { rig, cookie, begun } = createUploads();
    const path = await begun();
    await rig.answer(parting(cookie, path, 0, 'abcdef'));
    await rig.answer(parting(rig.signIn(), path, 0, 'abcdef'));
    await rig.answer({ ...parting(cookie, path, 0, 'abcdef'), headers: { Cookie: [cookie] } });

    expect(JSON.stringify(rig.lines)).not.toContain(path.slice('/.sallyport/uploads/'.length));
  });
});

describe('credentials that the application refuses in the middle of an upload', () => {
  const password = { method: 'password', headers: {}, scheme: 'basic', credentials: 'user', vaultKey: 'key', form: null } as const;
  const OWNER = ownerOf(user());
  const refusedInPart = async (meanwhile: (store: (sealed: string) => void) => void) => {
    const { rig, connector, cookie, begun } = createUploads({ singleSignOn: password });
    const store = (sealed: string) =>
      rig.credentials.set(`wiki ${OWNER}`, { sealed, owner: OWNER, setBy: 'alice', setAt: 0, refusedAt: null });
    store('wrong');
    const path = await begun();
    meanwhile(store);
    await rig.clock.advance(11_000);
    rig.behaviours.set('tunnel-a=', (received, reply) => {
      const { frame } = received;
      if (frame.type !== 'part') return connector.behaviour(received, reply);
      reply({ type: 'error', exchange: frame.exchange, n: 0, code: 'ERR_CREDENTIALS_REFUSED', message: 'refused' });
    });
    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));
    return { code: codeOf(answer), stored: rig.credentials.get(`wiki ${OWNER}`)! };
  };

  test('are not sent again', async () => {
    const { code, stored } = await refusedInPart(() => undefined);

    expect(code).toBe('ERR_CREDENTIALS_REFUSED');
    expect(stored.refusedAt).not.toBeNull();
  });

  test('and others that were entered meanwhile are not taken for them', async () => {
    const { code, stored } = await refusedInPart((store) => store('right'));

    expect(code).toBe('ERR_CREDENTIALS_REFUSED');
    expect(stored).toMatchObject({ sealed: 'right', refusedAt: null });
  });
});
