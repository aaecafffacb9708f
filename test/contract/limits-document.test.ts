// docs/limits.md says what the tests show: each row names one, and the rules are those of the differential test.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { RULES } from '../support/faithful/rules.ts';
import { ROOT, read } from '../support/files.ts';

/** Rows of the table below a heading, cells as they are read. */
const rowsBelow = (heading: string): string[][] => {
  const [, section = ''] = read('docs/limits.md').split(`\n${heading}\n`);
  const [, table = ''] = /((?:^\|.*\n)+)/m.exec(section) ?? [];
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
};

describe.each(["## Entra's limits, and ours", '## The platform'])('%s', (heading) => {
  const rows = rowsBelow(heading);

  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(5);
  });

  test.each(rows.map((row) => [row[0]!, row.at(-1)!]))('%s: names a test that exists', (_, shownBy) => {
    const tests = [...shownBy.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)/g)].map(([, file]) => file!);

    expect(tests.length).toBeGreaterThan(0);
    expect(tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

test('the rules are exactly those that the differential test allows, word for word', () => {
  expect(rowsBelow('## What arrives otherwise')).toEqual(RULES.map(({ name, what, source }) => [`\`${name}\``, what, source]));
});
