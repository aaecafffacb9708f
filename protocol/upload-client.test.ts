// The client's side of an upload against a service that is played: what it asks, where it goes on, and when it gives up.
import { describe, expect, test } from '@jest/globals';
import { UPLOAD_PART_MAX_BYTES } from './limits.ts';
import { beginUpload, bringParts, type SendUpload, type UploadAnswer } from './upload-client.ts';

const LENGTH = 2 * UPLOAD_PART_MAX_BYTES + 5;

const answer = (status: number, headers: Record<string, string> = {}, body: unknown = {}): UploadAnswer => ({
  status,
  header: (name) => headers[name.toLowerCase()] ?? null,
  text: async () => JSON.stringify(body),
});

/** A service that takes parts in order; `says` is what it answers instead. */
const play = (says: (call: string, nth: number) => UploadAnswer | 'no answer' | null = () => null) => {
  const calls: string[] = [];
  const progress: number[] = [];
  const pauses: number[] = [];
  let offset = 0;
  const send: SendUpload<[number, number]> = async (method, _url, headers, part) => {
    const call = method === 'PATCH' ? `PATCH ${headers['Upload-Offset']}` : method;
    calls.push(call);
    const said = says(call, calls.length);
    if (said === 'no answer') throw new TypeError('The connection broke.');
    if (said !== null) return said;
    if (method === 'HEAD') return answer(200, { 'upload-offset': String(offset) });
    if (Number(headers['Upload-Offset']) !== offset) return answer(409);
    offset = part![1];
    return answer(204);
  };
  const ports = { send, pause: async (ms: number) => void pauses.push(ms), checkGone: () => undefined };
  return {
    ...{ calls, progress, pauses },
    takes: (bytes: number) => {
      offset = bytes;
    },
    bring: () =>
      bringParts(ports, 'https://a/u', {
        length: LENGTH,
        slice: (from, to): [number, number] => [from, to],
        progress: (bytes) => progress.push(bytes),
      }),
  };
};

describe('parts', () => {
  test('go up one after another, none larger than one may be', async () => {
    const played = play();

    await played.bring();

    expect(played.calls).toEqual(['PATCH 0', `PATCH ${UPLOAD_PART_MAX_BYTES}`, `PATCH ${2 * UPLOAD_PART_MAX_BYTES}`]);
    expect(played.progress.at(-1)).toBe(LENGTH);
    expect(played.pauses).toEqual([]);
  });

  test.each<[string, UploadAnswer | 'no answer']>([
    ['no answer comes', 'no answer'],
    ['the service is busy', answer(503)],
    ['too much is asked', answer(429)],
  ])('go on after %s, where the service says that it is', async (_, failure) => {
    const played = play((_call, nth) => (nth === 2 ? failure : null));

    await played.bring();

    expect(played.calls.slice(1, 4)).toEqual([`PATCH ${UPLOAD_PART_MAX_BYTES}`, 'HEAD', `PATCH ${UPLOAD_PART_MAX_BYTES}`]);
    expect(played.progress.at(-1)).toBe(LENGTH);
  });

  test('are not sent again when only the answer was lost', async () => {
    const played = play((_call, nth) => {
      if (nth !== 1) return null;
      played.takes(UPLOAD_PART_MAX_BYTES);
      return 'no answer';
    });

    await played.bring();

    expect(played.calls).toEqual(['PATCH 0', 'HEAD', `PATCH ${UPLOAD_PART_MAX_BYTES}`, `PATCH ${2 * UPLOAD_PART_MAX_BYTES}`]);
  });

  test('end where the application has answered already: its response is there', async () => {
    const played = play((_call, nth) => (nth === 2 ? answer(410, {}, { code: 'ERR_UPLOAD_ANSWERED' }) : null));

    await played.bring();

    expect(played.calls).toHaveLength(2);
  });

  test('end with its code where the upload is lost, on a part or when it is asked after', async () => {
    const lost = answer(410, {}, { code: 'ERR_UPLOAD_LOST', title: 'Given up.' });
    const onPart = play((_call, nth) => (nth === 2 ? lost : null));
    const onQuestion = play((call, nth) => (nth === 2 ? 'no answer' : call === 'HEAD' ? answer(410) : null));

    await expect(onPart.bring()).rejects.toMatchObject({ status: 410, code: 'ERR_UPLOAD_LOST' });
    await expect(onQuestion.bring()).rejects.toMatchObject({ status: 410, code: 'ERR_UPLOAD_LOST' });
  });

  test('are given up after a minute of failures', async () => {
    const played = play(() => 'no answer');

    await expect(played.bring()).rejects.toMatchObject({ status: 0 });
    expect(played.pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000);
  });
});

describe('an upload begins', () => {
  const wanted = { method: 'PUT', target: '/ä?b', headers: [['X-Name', 'ä']] as const, length: 5 };

  test('with what its request is, and goes where the service says', async () => {
    const asked: Array<Record<string, string>> = [];
    const send: SendUpload<never> = async (method, url, headers) => {
      asked.push({ method, url, ...headers });
      return answer(201, { location: '/.sallyport/uploads/x' });
    };

    expect(await beginUpload({ send }, 'https://a/.sallyport/uploads', wanted)).toBe('https://a/.sallyport/uploads/x');
    const [{ 'Upload-Metadata': metadata = '', ...rest } = {}] = asked;
    expect(rest).toEqual({ method: 'POST', url: 'https://a/.sallyport/uploads', 'Tus-Resumable': '1.0.0', 'Upload-Length': '5' });
    const told = metadata.split(',').map((pair) => pair.split(' ')[1]!);
    expect(told.map((value) => Buffer.from(value, 'base64').toString())).toEqual(['PUT', '/ä?b', '[["X-Name","ä"]]']);
  });

  test('or is refused with the service’s own code, or with the status alone', async () => {
    const refusing = (said: UploadAnswer) => beginUpload({ send: async () => said }, 'https://a/.sallyport/uploads', wanted);

    await expect(refusing(answer(403, {}, { code: 'ERR_ACCESS_DENIED', title: 'No.' }))).rejects.toMatchObject({
      code: 'ERR_ACCESS_DENIED',
    });
    await expect(refusing({ ...answer(502), text: async () => '<html>' })).rejects.toMatchObject({ status: 502, code: '' });
  });
});
