import { expect, test } from '@jest/globals';
import { digest } from '../../keys.ts';
import { keepState, keptState } from './kept-state.ts';

const pairOf = (line: string) => line.split(';')[0]!;
const kept = (sealed: string) => pairOf(keepState({ cookies: [] }, sealed).at(-1)!);

test('a browser finds each of its sign-ins again, by what the provider brings back', () => {
  const cookies = [kept('one'), kept('two')];

  expect(['one', 'two', 'three'].map((sealed) => keptState({ cookies }, digest(sealed)))).toEqual(['one', 'two', null]);
  expect(keptState({ cookies }, null)).toBeNull();
});

test('a state that is not the one of its name is none', () => {
  const cookie = kept('one').replace(/=one$/, '=another');

  expect(keptState({ cookies: [cookie] }, digest('one'))).toBeNull();
});

test('sign-ins that were abandoned do not pile up: the oldest go', () => {
  const cookies = ['one', 'two', 'three', 'four'].map(kept);

  const lines = keepState({ cookies }, 'five');

  expect(lines.map((line) => [pairOf(line).split('=')[0], /Max-Age=0/.test(line)])).toEqual([
    [cookies[0]!.split('=')[0], true],
    [cookies[1]!.split('=')[0], true],
    [kept('five').split('=')[0], false],
  ]);
});
