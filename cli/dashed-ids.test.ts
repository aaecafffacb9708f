import { parseArgs } from 'node:util';
import { expect, test } from '@jest/globals';
import { withDashedIds } from './dashed-ids.ts';

const ID = `-y${'A_-'.repeat(13)}zz`;
const OTHER = `-${ID.slice(0, -1)}`;

const OPTIONS = { session: { type: 'string' }, json: { type: 'boolean' }, region: { type: 'string' } } as const;

const read = (...argv: string[]) => {
  const { values, positionals } = parseArgs({ args: withDashedIds(argv, OPTIONS), allowPositionals: true, options: OPTIONS });
  return { ...values, positionals };
};

test.each([
  [['explain', ID, '--region', 'eu-central-1'], { positionals: ['explain', ID], region: 'eu-central-1' }],
  [['explain', OTHER], { positionals: ['explain', OTHER] }],
  [['explain', '--json', ID], { positionals: ['explain', ID], json: true }],
  [['explain', '--', ID], { positionals: ['explain', ID] }],
  [['session', 'revoke', '--session', ID], { positionals: ['session', 'revoke'], session: ID }],
  [['session', 'revoke', `--session=${ID}`, '--json'], { positionals: ['session', 'revoke'], session: ID, json: true }],
  [['status', '--json'], { positionals: ['status'], json: true }],
])('%j', (argv, expected) => {
  expect(read(...argv)).toEqual(expected);
});

test('an option that is none is still refused', () => {
  expect(() => read('explain', '-y')).toThrow('-y');
});
