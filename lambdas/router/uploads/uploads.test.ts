// Uploads at the router, over the whole of it: tus on one side, frames to a connector on the other.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SILENCE_WAIT_MS } from '../../../protocol/limits.ts';
import { event, tunnel } from '../testing/records.ts';
import { answerWith } from '../testing/rig.ts';
import { asked, beginning, call, codeOf, createUploads, parting } from '../testing/uploads.ts';

describe('an upload', () => {
  test('becomes one request of the application, with the header fields of the page’s request and the length of the whole', async () => {
    const { rig, cookie } = createUploads();
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
      upload: { length: 12, owner: expect.any(String) },
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
    const { rig, connector, cookie, begun, exchange } = createUploads();
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
    const { rig, connector, cookie, begun, exchange } = createUploads();
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
    const { rig, connector, cookie, begun, exchange } = createUploads();
    const path = await begun();
    await rig.answer(parting(cookie, path, 0, 'abcdef'));

    const repeated = await rig.answer(parting(cookie, path, 0, 'abcdef'));
    const ahead = await rig.answer(parting(cookie, path, 9, 'jkl'));

    expect([repeated.status, codeOf(repeated), ahead.status, codeOf(ahead)]).toEqual([409, 'ERR_UPLOAD_OFFSET', 409, 'ERR_UPLOAD_OFFSET']);
    expect(connector.body(exchange())).toBe('abcdef');
  });

  test.each<[string, Record<string, string[]>]>([
    ['a negative place', { 'Upload-Offset': ['-1'] }],
    ['a place in another notation', { 'Upload-Offset': ['0x0'] }],
    ['a place beyond all numbers', { 'Upload-Offset': ['99999999999999999999'] }],
    ['two places', { 'Upload-Offset': ['0', '6'] }],
    ['no place', { 'Upload-Offset': [''] }],
    ['a length that it exceeds', { 'Upload-Length': ['5'] }],
    ['another content type', { 'Content-Type': ['text/plain'] }],
    ['one that only begins as it should', { 'Content-Type': ['application/offset+octet-stream2'] }],
    ['two content types', { 'Content-Type': ['application/offset+octet-stream', 'text/html'] }],
  ])('takes no part with %s', async (_, headers) => {
    const { rig, connector, cookie, exchange } = createUploads();
    const { 'Upload-Length': _length, ...rest } = beginning(cookie).headers!;
    const begun = await rig.answer({ ...beginning(cookie), headers: { ...rest, 'Upload-Defer-Length': ['1'] } });

    const answer = await rig.answer(parting(cookie, begun.header('Location')!, 0, 'abcdefghi', headers));

    expect([answer.status, codeOf(answer)]).toEqual([400, 'ERR_UPLOAD_INVALID']);
    expect(connector.body(exchange())).toBe('');
  });

  test('takes no part that reaches beyond its length', async () => {
    const { rig, connector, cookie, begun, exchange } = createUploads();
    const path = await begun();

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdefghijklm'));

    expect([answer.status, codeOf(answer)]).toEqual([400, 'ERR_UPLOAD_INVALID']);
    expect(connector.body(exchange())).toBe('');
  });

  test('of a length that is not yet known is chunked, and ends where a part says so', async () => {
    const { rig, connector, cookie, exchange } = createUploads();
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
    const { rig, cookie, begun } = createUploads();
    const path = await begun();

    const cancelled = await rig.answer(call(cookie, 'DELETE', path));
    const after = await rig.answer(call(cookie, 'HEAD', path));

    expect(cancelled.status).toBe(204);
    expect(rig.received.map(({ frame }) => frame.type)).toContain('cancel');
    expect(after.status).toBe(410);
  });

  test('whose application has answered already is not sent on', async () => {
    const { rig, connector, cookie, begun } = createUploads();
    const path = await begun();
    connector.over = true;

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([410, 'ERR_UPLOAD_ANSWERED']);
  });

  test('whose connector was replaced is lost, and says so', async () => {
    const { rig, connector, cookie, begun } = createUploads();
    const path = await begun();
    connector.forget();

    const answer = await rig.answer(parting(cookie, path, 0, 'abcdef'));

    expect([answer.status, codeOf(answer)]).toEqual([410, 'ERR_UPLOAD_LOST']);
  });

  test('goes on over the connector’s new tunnel, from an environment that knows nothing of it', async () => {
    const { rig, connector, cookie, begun, exchange } = createUploads();
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
    const { rig, connector, cookie, begun } = createUploads();
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
    const { rig, cookie } = createUploads();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type === 'request') reply({ type: 'progress', exchange: frame.exchange, received: 1 });
    });

    const answer = await rig.answer(beginning(cookie));

    expect([answer.status, codeOf(answer)]).toEqual([502, 'ERR_CONNECTOR_OUTDATED']);
    expect(rig.received.map(({ frame }) => frame.type)).toEqual(['request', 'cancel']);
  });

  test('is refused where the application takes none', async () => {
    const { rig, cookie } = createUploads({ bigUploads: 'off' });

    const answer = await rig.answer(beginning(cookie));

    expect([answer.status, codeOf(answer)]).toEqual([413, 'ERR_BODY_TOO_LARGE']);
    expect(rig.requests()).toEqual([]);
  });
});

test('a redirect of the response leads where it would from the address of the request', async () => {
  const { rig, connector, cookie, begun } = createUploads();
  rig.behaviours.set('tunnel-a=', (received, reply) => {
    const { frame } = received;
    if (frame.type !== 'reply-to') return connector.behaviour(received, reply);
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 303, headers: [['Location', 'done?a=b']], end: true });
  });
  const path = await begun({ told: { target: '/a/b?c' } });

  const answer = await rig.answer(call(cookie, 'GET', `${path}/response`));

  expect(answer.header('Location')).toBe('https://wiki.apps.example.com/a/done?a=b');
});

test('a begun upload is given to another connector only when the first has not carried it out', async () => {
  const { rig, connector, cookie } = createUploads();
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
  const { rig, cookie } = createUploads();
  rig.behaviours.set('tunnel-a=', answerWith('never'));

  const answer = await rig.answer(call(cookie, 'GET', '/.sallyport/uploadsx'));

  expect(answer.status).toBe(404);
});
