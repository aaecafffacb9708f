import { expect, test } from '@jest/globals';
import { expectLinear, oddTexts } from './linear.ts';

const texts = oddTexts(['.', ' ', 'a']);

test.each<[string, (text: string) => unknown]>([
  ['a loop within a loop', (text) => [...text].map((one, at) => one === '.' && text.lastIndexOf('x', at))],
  ['a pattern that tries again at each character', (text) => / +$/.test(text)],
  ['a pattern that tries twice again', (text) => /^\.*\.*\.*,/.test(text)],
  [
    'one that copies the rest each time',
    (text) => {
      let rest = [...text];
      while (rest.length > 0) rest = rest.slice(1);
    },
  ],
])('%s is told', async (_, read) => {
  await expect(expectLinear(texts, read)).rejects.toThrow('linear');
});

test.each<[string, (text: string) => unknown]>([
  ['cheap', (text) => text.split('.')],
  ['costly', (text) => Array.from({ length: 50 }, () => text.replaceAll('.', '%2e').length)],
  ['costly whatever it reads', (text) => [text, ...Array.from({ length: 20_000 }, (_, at) => at).sort((one, other) => other - one)]],
  [
    'quick to refuse',
    () => {
      throw new Error('refused');
    },
  ],
])('what is linear and %s passes', async (_, read) => {
  await expectLinear(texts, read);
});
