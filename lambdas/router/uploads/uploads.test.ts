// Uploads at the router, over the whole of it: tus on one side, frames to a connector on the other.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SILENCE_WAIT_MS, UPLOAD_MAX_MS } from '../../../protocol/limits.ts';
import { ownerOf } from '../../../protocol/vault.ts';
import { turn } from '../testing/manual-clock.ts';
import { application, event, tunnel, user } from '../testing/records.ts';
import { answerWith, createRig } from '../testing/rig.ts';
import { beginning, parting, playUploads, TUS } from '../testing/uploads.ts';

const createWorld = (changes: Parameters<typeof application>[0] = {}) => {
  const rig = createRig();
  rig.applications[0] = application({ bigUploads: 'on', ...changes });
  const connector = playUploads();
  rig.behaviours.set('tunnel-a=', connector.behaviour);
  const cookie = rig.signIn();
  const begun = async (options: Parameters<typeof beginning>[1] = {}) => (await rig.answer(beginning(cookie, options))).header('Location')!;
  return { rig, connector, cookie, begun, exchange: () => rig.requests()[0]!.exchange };
};
const codeOf = (response: { body: () => Buffer }): string => JSON.parse(response.body().toString()).code;
const call = (cookie: string, httpMethod: string, path: string) => ({ httpMethod, path, headers: { Cookie: [cookie], ...TUS } });

/** The router has asked the connector: until then no clock runs that a test moves. */
const asked = async (rig: ReturnType<typeof createRig>): Promise<void> => {
  while (!rig.received.some(({ frame }) => frame.type === 'part')) await turn();
};

describe('an upload', () => {
  test('becomes one request of the application, with the header fields of the page’s request and the length of the whole', async () => {
    const { rig, cookie } = createWorld();
    const told = {
      method: 'PUT',
      target: '/files?a=b%2Fc',
      headers: JSON.stringify([
        ['Content-Type', 'video/mp4'],
        ['X-Kind', 'a'],
      ]),
    };

    const answer = await rig.answer(beginning(cookie, { told, Origin: ['https://wiki.apps.example.com'] }));

    expect(answer.status).toBe(201);
    expect(rig.requests()).toHaveLength(1);
    const { method, url, headers, end, upload } = rig.requests()[0]!;
    expect({ method, url, end, upload }).toEqual({
      method: 'PUT',
      url: 'http://wiki.internal:8080/files?a=b%2Fc',
      end: false,
      upload: { length: 12 },
    });
    expect(headers).toEqual(
      expect.arrayContaining([
        ['Content-Type', 'video/mp4'],
        ['X-Kind', 'a'],
        ['Content-Length', '12'],
      ]),
    );
    expect(headers.map(([name]) => name.toLowerCase()).filter((name) => /^(?:tus-|upload-)/.test(name))).toEqual([]);
    expect(JSON.stringify(headers)).not.toContain('sallyport-session');
  });

  test('takes its parts in order and tells its response to who asks for it', async () => {
    const { rig, connector, cookie, begun, exchange } = createWorld();
    const path = await begun();

    const first = await rig.answer(parting(cookie, path, 0, 'abcdef'));
    const between = await rig.answer(call(cookie, 'HEAD', path));
    const last = await rig.answer(parting(cookie, path, 6, 'ghijkl'));
    const response = await rig.answer(call(cookie, 'GET', `${path}/response`));

    expect([first.status, first.header('Upload-Offset'), first.header('Tus-Resumable')]).toEqual([204, '6', '1.0.0']);
    expect([between.status, between.header('Upload-Offset'), between.header('Upload-Length')]).toEqual([200, '6', '12']);
    expect([last.status, last.header('Upload-Offset')]).toEqual([204, '12']);
    expect(connector.body(exchange())).toBe('abcdefghijkl');
    expect([response.status, response.header('X-Stored'), response.body().toString()]).toEqual([201, 'yes', 'stored']);
  });

  test('of large parts arrives whole though frames are lost on the way', async () => {
    const { rig, connector, cookie, begun, exchange } = createWorld();
    const bytes = randomBytes(1_000_000);
    const path = await begun({ 'Upload-Length': [String(bytes.length)] });
    const lost = new Set<number>();
    connector.loses = ({ offset, until }) => offset !== until && lost.size < 3 && !lost.has(offset) && lost.add(offset).size > 0;

    const sending = rig.begin(event(parting(cookie, path, 0, bytes)));
    await asked(rig);
    await rig.clock.advance(4_000);
    await sending.done;

    expect(lost.size).toBe(3);
    expect(sending.response.status).toBe(204);
    expect(connector.bytes(exchange()).equals(bytes)).toBe(true);
  });

  test('whose part is not the next one is told where it is, and nothing of it is sent', async () => {
    const { rig, connector, cookie, begun, exchange } = createWorld();
    const path = await begun();
    await rig.answer(parting(cookie, path, 0, 'abcdef'));

    const repeated = await rig.answer(parting(cookie, path, 0, 'abcdef'));
    const ahead = await rig.answer(parting(cookie, path, 9, 'jkl'));

    expect([repeated.status, codeOf(repeated), ahead.status, codeOf(ahead)]).toEqual([409, 'ERR_UPLOAD_OFFSET', 409, 'ERR_UPLOAD_OFFSET']);
    expect(connector.body(exchange())).toBe('abcdef');
  });

  test('of a length that is not yet known is chunked, and ends where a part says so', async () => {
    const { rig, connector, cookie, exchange } = createWorld();
    const { 'Upload-Length': _, ...headers } = beginning(cookie).headers!;
    const begun = await rig.answer({ ...beginning(cookie), headers: { ...headers, 'Upload-Defer-Length': ['1'] } });
    const path = begun.header('Location')!;
    await rig.answer(parting(cookie, path, 0, 'abc'));
    const between = await rig.answer(call(cookie, 'HEAD', path));

    await rig.answer(parting(cookie, path, 3, '', { 'Upload-Length': ['3'] }));

    expect(rig.requests()[0]!.headers.map(([name]) => name.toLowerCase())).not.toContain('content-length');
    expect(between.header('Upload-Defer-Length')).toBe('1');
    expect(rig.received.map(({ frame }) => frame).findLast(({ type }) => type === 'part')).toMatchObject({ length: 3, until: 3 });
    expect(connector.body(exchange())).toBe('abc');
  });

  test('is cancelled: the connector is told, and its address leads nowhere', async () => {
    const { rig, cookie, begun } = createWorld();
    const path = await begun();

    const cancelled = await rig.answer(call(cookie, 'DELETE', path));
    const after = await rig.answer(call(cookie, 'HEAD', path));

    expect(cancelled.status).toBe(204);
    expect(rig.received.map(({ frame }) => frame.type)).toContain('cancel');
    expect(after.status).toBe(410);
  });

  test('whose application has answered already is not sent on', async () => {
    const { rig, connector, cookie, begun } = createWorld();
    const path = await begun();
    connector.over = true;

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([410, 'ERR_UPLOAD_ANSWERED']);
  });

  test('whose connector was replaced is lost, and says so', async () => {
    const { rig, connector, cookie, begun } = createWorld();
    const path = await begun();
    connector.forget();

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([410, 'ERR_UPLOAD_LOST']);
  });

  test('goes on over the connector’s new tunnel, from an environment that knows nothing of it', async () => {
    const { rig, connector, cookie, begun, exchange } = createWorld();
    const path = await begun();
    rig.behaviours.set('tunnel-a=', 'gone');
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-b=', seenAt: rig.clock.now() + 1 }));
    rig.behaviours.set('tunnel-b=', connector.behaviour);

    const sending = rig.begin(event(parting(cookie, path, 0, 'abcdef')));
    await asked(rig);
    await rig.clock.advance(2_000);
    await sending.done;

    expect(sending.response.status).toBe(204);
    expect(connector.body(exchange())).toBe('abcdef');
  });

  test('waits no longer for a connector that says nothing', async () => {
    const { rig, connector, cookie, begun } = createWorld();
    const path = await begun();
    connector.loses = () => true;

    const sending = rig.begin(event(parting(cookie, path, 0, 'abcdef')));
    await asked(rig);
    await rig.clock.advance(SILENCE_WAIT_MS + 4_000);
    await sending.done;

    expect([sending.response.status, codeOf(sending.response)]).toEqual([504, 'ERR_CONNECTOR_SILENT']);
    expect(rig.clock.pending()).toBe(0);
  });

  test('is refused where the connector knows none, and leaves no request behind', async () => {
    const { rig, cookie } = createWorld();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type === 'request') reply({ type: 'progress', exchange: frame.exchange, received: 1 });
    });

    const answer = await rig.answer(beginning(cookie));

    expect([answer.status, codeOf(answer)]).toEqual([502, 'ERR_CONNECTOR_OUTDATED']);
    expect(rig.received.map(({ frame }) => frame.type)).toEqual(['request', 'cancel']);
  });

  test('is refused where the application takes none', async () => {
    const { rig, cookie } = createWorld({ bigUploads: 'off' });

    const answer = await rig.answer(beginning(cookie));

    expect([answer.status, codeOf(answer)]).toEqual([413, 'ERR_BODY_TOO_LARGE']);
    expect(rig.requests()).toEqual([]);
  });
});

describe('an upload belongs to whoever began it:', () => {
  test('another session of the same user knows nothing of it', async () => {
    const { rig, connector, begun, exchange } = createWorld();
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

  test('a session that has ended brings no further part', async () => {
    const { rig, connector, cookie, begun, exchange } = createWorld();
    const path = await begun();
    rig.sessions.clear();
    await rig.clock.advance(11_000);

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect(answer.status).toBe(401);
    expect(connector.body(exchange())).toBe('');
  });

  test('one that ends while a part waits ends the part and the upload', async () => {
    const { rig, connector, cookie, begun } = createWorld();
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
    const { rig, cookie, begun } = createWorld();
    const path = await begun();
    rig.applications[0] = application({ bigUploads: 'on', access: { groups: ['others'] } as never });
    await rig.clock.advance(11_000);

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([403, 'ERR_ACCESS_DENIED']);
  });

  test('a program goes on with the token that it began with, and no other', async () => {
    const { rig } = createWorld({
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
    const { rig, cookie, begun } = createWorld();
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
    const { rig, cookie, begun } = createWorld();
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
    const { rig, connector, cookie, begun } = createWorld({ singleSignOn: password });
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

describe('a form whose data has gone up', () => {
  const naming = (cookie: string, path: string, upload: string, headers: Record<string, string[]> = {}) => ({
    ...{ httpMethod: 'POST', path, body: `sallyport-upload=${upload.split('/').at(-1)}` },
    headers: { Cookie: [cookie], 'Content-Type': ['application/x-www-form-urlencoded'], ...headers },
  });

  test('is answered where it leads, by the response to its upload', async () => {
    const { rig, cookie, begun } = createWorld();
    const upload = await begun();
    await rig.answer(parting(cookie, upload, 0, 'abcdefghijkl'));

    const answer = await rig.answer(naming(cookie, '/files', upload));

    expect([answer.status, answer.body().toString()]).toEqual([201, 'stored']);
    expect(rig.requests()).toHaveLength(1);
  });

  test('names its upload to nobody else: at another address, with another session, or made up, it reaches no application', async () => {
    const { rig, cookie, begun } = createWorld();
    const upload = await begun();

    const answers = [
      await rig.answer(naming(cookie, '/elsewhere', upload)),
      await rig.answer(naming(rig.signIn(), '/files', upload)),
      await rig.answer(naming(cookie, '/files', 'made-up')),
    ];

    expect(answers.map(codeOf)).toEqual(Array(3).fill('ERR_UPLOAD_UNKNOWN'));
    expect(rig.requests()).toHaveLength(1);
  });

  test('is the application’s own where it only looks like one', async () => {
    const { rig, cookie } = createWorld();
    rig.behaviours.set('tunnel-a=', answerWith('taken'));

    const answer = await rig.answer(naming(cookie, '/files', 'made-up', { 'Content-Type': ['text/plain'] }));

    expect(answer.body().toString()).toBe('taken');
  });
});

test('a redirect of the response leads where it would from the address of the request', async () => {
  const { rig, connector, cookie, begun } = createWorld();
  rig.behaviours.set('tunnel-a=', (received, reply) => {
    const { frame } = received;
    if (frame.type !== 'reply-to') return connector.behaviour(received, reply);
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 303, headers: [['Location', 'done?a=b']], end: true });
  });
  const path = await begun({ told: { target: '/a/b?c' } });

  const answer = await rig.answer(call(cookie, 'GET', `${path}/response`));

  expect(answer.header('Location')).toBe('https://wiki.apps.example.com/a/done?a=b');
});

describe('what a page may not say of its own requests, it cannot say by an upload:', () => {
  const begin = async (headers: [string, string][], sent: Record<string, string[]> = {}) => {
    const { rig, cookie } = createWorld({ singleSignOn: { method: 'headers', headers: { 'Remote-User': '{username}' } } as never });
    await rig.answer(beginning(cookie, { told: { target: '/', headers: JSON.stringify(headers) }, ...sent }));
    return rig.requests()[0]!.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  };

  test('its origin, its cookies, its host, where it comes from and by whom it was forwarded', async () => {
    const headers = await begin(
      [
        ['Origin', 'https://evil.example'],
        ['Cookie', 'a=evil'],
        ['Host', 'evil'],
        ['Referer', 'https://evil.example/'],
        ['Sec-Fetch-Site', 'evil'],
        ['X-Forwarded-For', '10.0.0.1'],
        ['Content-Length', '1'],
        ['Transfer-Encoding', 'chunked'],
      ],
      { Origin: ['https://wiki.apps.example.com'] },
    );

    expect(headers.filter((field) => field.includes('evil') || field.includes('10.0.0.1'))).toEqual([]);
    expect(headers).toContain('origin: http://wiki.internal:8080');
    expect(headers.filter((field) => /^(?:content-length|transfer-encoding)/.test(field))).toEqual(['content-length: 12']);
  });

  test('who its user is', async () => {
    const headers = await begin([
      ['Remote-User', 'admin'],
      ['Remote_User', 'admin'],
    ]);

    expect(headers.filter((field) => field.startsWith('remote'))).toEqual(['remote-user: alice@example.com']);
  });

  test('and the policy decides on the target, not on our path', async () => {
    const { rig, cookie } = createWorld({
      conditions: [{ name: 'No admin', paths: ['/admin/'], methods: [], require: null, refuse: {} } as never],
    });

    const answer = await rig.answer(beginning(cookie, { told: { target: '/admin/users' } }));
    const beside = await rig.answer(beginning(cookie, { told: { target: '/users' } }));

    expect([answer.status, beside.status]).toEqual([403, 201]);
  });

  test.each<[string, Record<string, string>]>([
    ['no target', {}],
    ['a target with credentials', { target: '@evil.example/' }],
    ['a target with dots', { target: '/a/../b' }],
    ['a target with a fragment', { target: '/a#b' }],
    ['a target with a blank', { target: '/a b' }],
    ['a target with a backslash', { target: '/\\evil.example' }],
    ['a method without a body', { target: '/', method: 'GET' }],
    ['a method that is none', { target: '/', method: 'PO ST' }],
    ['a field with a line break', { target: '/', headers: JSON.stringify([['X-A', 'b\r\nX-C: d']]) }],
    ['fields that are no list', { target: '/', headers: '{"a":"b"}' }],
    ['fields that are no JSON', { target: '/', headers: 'X-A: b' }],
  ])('%s is refused before anything is asked', async (_, told) => {
    const { rig, cookie } = createWorld();

    const answer = await rig.answer(beginning(cookie, { told }));

    expect(answer.status).toBe(400);
    expect(rig.requests()).toEqual([]);
  });

  test('a form of another site begins none: it cannot send the field that is needed', async () => {
    const { rig, cookie } = createWorld();
    const { 'Tus-Resumable': _, ...headers } = beginning(cookie).headers!;

    const answer = await rig.answer({ ...beginning(cookie), headers });
    const preflight = await rig.answer({
      httpMethod: 'OPTIONS',
      path: '/.sallyport/uploads',
      headers: { Origin: ['https://evil.example'], 'Access-Control-Request-Method': ['POST'] },
    });

    expect([answer.status, codeOf(answer), answer.header('Tus-Version')]).toEqual([412, 'ERR_UPLOAD_VERSION', '1.0.0']);
    expect(preflight.headers.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(rig.requests()).toEqual([]);
  });
});

test('a begun upload is given to another connector only when the first has not carried it out', async () => {
  const { rig, connector, cookie } = createWorld();
  rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
    if (frame.type === 'request')
      reply({ type: 'error', exchange: frame.exchange, n: 0, code: 'ERR_CONNECTOR_DRAINING', message: 'leaving' });
  });
  rig.tunnels.push(tunnel({ connectionId: 'tunnel-b=', connector: 'connector-b', seenAt: rig.clock.now() }));
  rig.behaviours.set('tunnel-b=', connector.behaviour);

  const begun = await rig.answer(beginning(cookie));
  const part = await rig.answer(parting(cookie, begun.header('Location')!, 0, 'abcdef'));

  expect([begun.status, part.status]).toEqual([201, 204]);
});

test('a path beside the uploads is still nothing', async () => {
  const { rig, cookie } = createWorld();
  rig.behaviours.set('tunnel-a=', answerWith('never'));

  const answer = await rig.answer(call(cookie, 'GET', '/.sallyport/uploadsx'));

  expect(answer.status).toBe(404);
});
