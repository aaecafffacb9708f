// The mutation run's own tests: what it changes, which suites it asks first, and that it says what survives.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { read } from '../support/files.ts';
import { createJudge } from './judge.ts';
import { mutated, mutationsOf } from './mutations.ts';
import { nearestSuites } from './nearest-suites.ts';
import { readArguments } from './wanted.ts';

const mutantsOf = (source: string): string[] => mutationsOf(source).map((mutation) => mutated(source, mutation));

describe('what is changed', () => {
  test.each<[string, string, readonly string[]]>([
    ['a boundary', 'f(a < b);', ['{}', 'f((a) <= (b));', 'f((a) >= (b));']],
    ['an equality', 'f(a === b);', ['{}', 'f((a) !== (b));']],
    ['a check beside another', 'f(a && b);', ['{}', 'f((a) || (b));', 'f((a));', 'f((b));']],
    ['a negation', 'f(!a);', ['{}', 'f((a));']],
    ['a sum', 'f(a + b);', ['{}', 'f((a) - (b));']],
    ['a number', 'const a = 60;', ['const a = (61);', 'const a = (59);']],
    ['a flag', 'const a = true;', ['const a = false;']],
    ['a text', "const a = 'b', c = '';", ["const a = '', c = '';", "const a = 'b', c = 'x';"]],
    [
      'lengths and ends of a pattern',
      'const a = /^b{8,64}$/u;',
      ['9,64', '7,64', '8,65', '8,63']
        .map((count) => `const a = /^b{${count}}$/u;`)
        .concat('const a = /b{8,64}$/u;', 'const a = /^b{8,64}/u;'),
    ],
    ['a refusal', 'if (a) throw b;', ['if (true) throw b;', 'if (false) throw b;', 'if (a) {}']],
    ['a quantifier', 'const a = b.every(c);', ['const a = b.some(c);']],
    ['a step left out', 'const a = b.filter(c);', ['const a = b;']],
    ['where a type is told besides', 'const a = (b as C) === d;', ['const a = (b as C) !== (d);']],
  ])('%s', (_, source, expected) => {
    expect(mutantsOf(source).toSorted()).toEqual([...expected].toSorted());
  });

  test.each([
    ['names of modules', "import a from 'b'; export * from 'c'; import type { D } from 'd';"],
    ['types', "type A = 'b' | 1; interface C { readonly d: true } const e = f as 'g';"],
    ['names of properties', "const a = { 'b-c': d };"],
    ['words for people', "const a = new SallyportError(b, 'It is over.'), c = refused(`not there`);"],
    ['markup', 'const a = html`<b>`;'],
  ])('not %s', (_, source) => {
    expect(mutantsOf(source)).toEqual([]);
  });

  test('each is known by its place, and is a program still', () => {
    const source = 'f(\n  a <= b,\n);\nfor (let i = 0; i < 3; ) g(i);\n';

    expect(mutationsOf(source).find(({ text }) => text === '(a) < (b)')).toMatchObject({ line: 2, column: 3 });
    expect(mutationsOf('class A { #b = 1; c() { return this.#b; } }').map(({ text }) => text)).toEqual(['(2)', '(0)']);
  });
});

describe('which suites are asked', () => {
  test('a file’s own first, and no more than is said', () => {
    expect(nearestSuites('policy/hours.ts', 1)).toEqual(['policy/hours.test.ts']);
    expect(nearestSuites('lambdas/portal/saml-idp/message.ts', 3)[0]).toBe('lambdas/portal/saml-idp/message.test.ts');
    expect(nearestSuites('protocol/frames.ts', 5).length).toBeLessThanOrEqual(5);
  });

  test('none for what is imported as a type alone', () => {
    expect(nearestSuites('protocol/sign-on.ts', 5)).toEqual([]);
  });
});

describe('what the command line says', () => {
  test('files, lines of them, and suites', () => {
    const args = ['policy/hours.ts', '--suites', '3', 'policy/decide.ts:7', 'policy/networks.ts:1-9', 'policy/hours.test.ts'];

    expect(readArguments(args)).toEqual({
      files: [
        { file: 'policy/hours.ts', from: 1, to: Number.POSITIVE_INFINITY },
        { file: 'policy/decide.ts', from: 7, to: 7 },
        { file: 'policy/networks.ts', from: 1, to: 9 },
      ],
      most: 3,
      suites: ['policy/hours.test.ts'],
    });
  });

  test.each([[[]], [['policy/hours.test.ts']], [['policy/nothing.ts']], [['README.md']], [['policy/hours.ts', '--suites', 'all']]])(
    '%j is refused with how it should be',
    (args) => {
      expect(() => readArguments(args)).toThrow('npm run mutants -- [--suites N] FILE');
    },
  );
});

test('a mutant that a test minds is killed, one that none minds survives, and the file stays as it is', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-mutants-'));
  const file = 'policy/hours.ts';
  const source = read(file);
  const { judge } = createJudge(file, ['policy/hours.test.ts'], cache);
  const changing = (from: string, text: string) => {
    const start = source.indexOf(from);
    return { start, end: start + from.length, text, line: 0, column: 0 };
  };

  try {
    expect(await judge(null)).toBe('survived');
    expect(await judge(changing('time < to;', 'time <= to;'))).toBe('killed');
    expect(await judge(changing('formats.set(zone, format);', '{}'))).toBe('survived');
    expect(read(file)).toBe(source);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}, 60_000);
