import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadTenant, tenantFiles } from './load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenants-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const problemOf = (file: string): string => {
  try {
    loadTenant(file);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

test.each(['example', 'local'])('tenants/%s.yaml holds', (name) => {
  const [file] = tenantFiles(name);

  expect(loadTenant(file!).tenant).toBe(name);
});

test('a fault has line and column, and all are told in the order of the file', () => {
  const file = write('x.yaml', 'tenant: x\ndomain: 12\napplications:\n  - id: A B\n    nmae: x\n');

  const lines = problemOf(file).split('\n');

  expect(lines[0]).toBe(`${file} has 7 faults. Nothing was changed.`);
  expect(lines[1]).toContain('- domain, line 2, column 9: expected a domain name, got 12.');
  expect(lines[2]).toContain('- applications[0].id, line 4, column 9:');
  expect(lines.at(-1)).toContain(
    '- applications[0].nmae, line 5, column 5: expected only known settings here, got the unknown setting "nmae".',
  );
});

test('what is not YAML is told with its line', () => {
  const lines = problemOf(write('x.yaml', 'tenant: x\n  domain: y\n')).split('\n');

  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^- line 1, column 9: expected YAML, got "tenant: x" \(Nested mappings .*\)\. Correct the line;/);
});

test('a setting that stands twice is told', () => {
  expect(problemOf(write('x.yaml', 'tenant: a\ntenant: b\n'))).toContain(
    'line 2, column 1: expected YAML, got "tenant: b" (Map keys must be unique)',
  );
});

test('aliases that grow without bound are refused', () => {
  const levels = [
    'a: &a [x]',
    ...[...'bcdefg'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(', ')}]`),
  ];

  expect(problemOf(write('x.yaml', levels.join('\n')))).toContain('expected few aliases');
});

test('a missing file is told', () => {
  expect(problemOf(join(folder, 'none.yaml'))).toContain('expected a readable file');
});

test('a choice is a name, a path, several, or all', () => {
  const one = write('one.yaml', '');
  const two = write('two.yaml', '');
  write('example.yaml', '');

  expect(tenantFiles('one', folder)).toEqual([one]);
  expect(tenantFiles(`one,${two}`, folder)).toEqual([one, two]);
  expect(tenantFiles('all', folder).map((file) => basename(file))).toEqual(['one.yaml', 'two.yaml']);
});

test.each([undefined, '', 'three', './three.yaml', 7])('the choice %j names the tenants that there are', (choice) => {
  write('one.yaml', '');

  expect(() => tenantFiles(choice, folder)).toThrow(/There are: one\./);
});
