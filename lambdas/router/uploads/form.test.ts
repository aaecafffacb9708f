// Forms of pages whose data has gone up as an upload: the browser asks for the response where the form leads.
import { describe, expect, test } from '@jest/globals';
import { answerWith } from '../testing/rig.ts';
import { codeOf, createUploads, parting } from '../testing/uploads.ts';

describe('a form whose data has gone up', () => {
  const naming = (cookie: string, path: string, upload: string, headers: Record<string, string[]> = {}) => ({
    ...{ httpMethod: 'POST', path, body: `sallyport-upload=${upload.split('/').at(-1)}` },
    headers: { Cookie: [cookie], 'Content-Type': ['application/x-www-form-urlencoded'], ...headers },
  });

  test('is answered where it leads, by the response to its upload', async () => {
    const { rig, cookie, begun } = createUploads();
    const upload = await begun();
    await rig.answer(parting(cookie, upload, 0, 'abcdefghijkl'));

    const answer = await rig.answer(naming(cookie, '/files', upload));

    expect([answer.status, answer.body().toString()]).toEqual([201, 'stored']);
    expect(rig.requests()).toHaveLength(1);
  });

  test('names its upload to nobody else: at another address, with another session, or made up, it reaches no application', async () => {
    const { rig, cookie, begun } = createUploads();
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
    const { rig, cookie } = createUploads();
    rig.behaviours.set('tunnel-a=', answerWith('taken'));

    const answer = await rig.answer(naming(cookie, '/files', 'made-up', { 'Content-Type': ['text/plain'] }));

    expect(answer.body().toString()).toBe('taken');
  });
});
