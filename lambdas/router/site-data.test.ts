// Attack: an application signs its users out of the portal and of every other application.
import { expect, test } from '@jest/globals';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const answered = async (...values: string[]): Promise<string[]> => {
  const rig = createRig();
  rig.applications[0] = application();
  rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
    if (frame.type !== 'request') return;
    const headers = values.map((value) => ['clear-site-data', value] as const);
    reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true });
  });
  const { headers } = await rig.answer({ headers: { Cookie: [rig.signIn()] } });
  return headers.filter(([name]) => name.toLowerCase() === 'clear-site-data').map(([, value]) => value);
};

test.each([
  ['"cookies"', []],
  ['"cache", "cookies", "storage"', ['"cache", "storage"']],
  ['"storage","executionContexts"', ['"storage", "executionContexts"']],
  ['"*"', ['"cache", "storage", "executionContexts"']],
  ['"cookies" , "*"', ['"cache", "storage", "executionContexts"']],
  ['"clientHints", "something new"', []],
  ['"cache"\t,"cookies"', ['"cache"']],
  ['cookies', []],
  ['', []],
])('what %s clears beyond the host of its application is left out', async (value, expected) => {
  expect(await answered(value)).toEqual(expected);
});

test('every field is looked at', async () => {
  expect(await answered('"cookies"', '"cache"', '"*"')).toEqual(['"cache"', '"cache", "storage", "executionContexts"']);
});
