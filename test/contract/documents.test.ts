// Documents that list something in code say what the code says.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { flagName, SETTINGS, type Setting, variableName } from '../../connector/settings.ts';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { filesBelow, ROOT, read } from '../support/files.ts';

describe('docs/errors.md', () => {
  const sections = new Map(
    read('docs/errors.md')
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section] as const),
  );

  test('has a heading for each code and none for another', () => {
    expect([...sections.keys()].sort()).toEqual(Object.keys(ERRORS).sort());
  });

  test.each(Object.keys(ERRORS) as ErrorCode[])('%s: status, hop and whether to try again', (code) => {
    const { status, hop, retryable } = ERRORS[code];

    expect(sections.get(code)).toContain(`${status} · ${hop} · ${retryable ? 'try again' : 'do not try again'}`);
  });
});

test('docs/dependencies.md justifies each dependency in one line, and no other', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

  expect(listed.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});

test('docs/connector.md has each setting as the connector knows it, and no other', () => {
  const rows = [...read('docs/connector.md').matchAll(/^\| (`--[^|]*`|—) \| `(SALLYPORT_\w+)` \|/gm)].map(([, flag, variable]) => [
    flag,
    variable,
  ]);

  const known = Object.entries(SETTINGS).map(([name, setting]: [string, Setting]) => [
    setting.flag === false ? '—' : `\`${flagName(name)}\``,
    variableName(name),
  ]);
  expect(rows).toEqual(known);
});

test('docs/security.md names every attack that is tried through the whole path', () => {
  const linked = [...read('docs/security.md').matchAll(/\]\(\.\.\/(test\/security\/[^)]+)\)/g)].map(([, file]) => file);

  expect([...new Set(linked)].sort()).toEqual(filesBelow('test/security', '.test.ts').sort());
});

test('docs/security.md: each bug that was found elsewhere is named by the tests that stand for it', () => {
  const [, section = ''] = read('docs/security.md').split('## What felled others');
  const rows = [...section.split('\n## ')[0]!.matchAll(/^\| (?!class |---)[^|]+ \| ([^|]+) \| ([^|]+) \|$/gm)];

  const unnamed = rows.flatMap(([, found = '', tested = '']) => {
    const texts = [...tested.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => read(file!));
    return found.split(', ').filter((id) => !texts.some((text) => text.includes(id)));
  });

  expect(rows.length).toBeGreaterThan(15);
  expect(unnamed).toEqual([]);
});

test('docs/security.md has a section for each trust boundary of ARCHITECTURE.md', () => {
  const [, table = ''] = read('ARCHITECTURE.md').split('## Trust boundaries');
  const boundaries = [...table.matchAll(/^\| (\S+ → [^|]+?) \|/gm)].map(([, name]) => name!.toLowerCase());
  const sections = [...read('docs/security.md').matchAll(/^### (.+ → .+)$/gm)].map(([, name]) => name!.toLowerCase());

  expect(boundaries.length).toBeGreaterThan(0);
  expect(sections).toEqual(boundaries);
});

test.each(['README.md', 'ARCHITECTURE.md', ...filesBelow('docs', '.md')])(
  '%s: every link to a file of ours leads somewhere',
  (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].map(([, to]) =>
      join(ROOT, dirname(document), to!),
    );

    expect(links.filter((target) => !existsSync(target))).toEqual([]);
  },
);
