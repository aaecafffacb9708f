// What is built is run only while it is what the sources say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readSources, removeStamp, requireFresh, type Sources, writeStamp } from '../../build/stamp.ts';

let dist: string;
beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), 'sallyport-stamp-'));
});
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const SOURCES: Sources = { 'lib/a.ts': '1', 'lambdas/b.ts': '2', 'package-lock.json': '3' };

test.each<[string, Sources | null, string | null]>([
  ['of the same sources', SOURCES, null],
  ['that is missing or was broken off', null, 'There is no complete build in .*npm run build'],
  ['before a change', { ...SOURCES, 'lib/a.ts': '0' }, 'stale; changed since: lib/a\\.ts\\. Run: npm run build'],
  ['before a file was added', { 'lambdas/b.ts': '2', 'package-lock.json': '3' }, 'stale; changed since: lib/a\\.ts\\.'],
  ['before a file was removed', { ...SOURCES, 'lib/gone.ts': '4' }, 'stale; changed since: lib/gone\\.ts\\.'],
  ['of long ago', { 'x.ts': '1', 'y.ts': '1' }, 'stale; changed since: x\\.ts, y\\.ts, lib/a\\.ts and 2 more\\.'],
])('a build %s', (_, built, refusal) => {
  removeStamp(dist);
  if (built !== null) writeStamp(dist, built);

  const use = () => requireFresh(dist, SOURCES);

  if (refusal === null) expect(use).not.toThrow();
  else expect(use).toThrow(new RegExp(refusal));
});

test('all that is bundled or synthesised counts as a source, and no test does', () => {
  const files = Object.keys(readSources());

  expect(files).toEqual(
    expect.arrayContaining([
      ...['connector/main.ts', 'connector/kerberos/helper.ts', 'lambdas/router/handler.ts', 'lib/tenant-stack.ts'],
      ...['policy/path-readings.ts', 'protocol/codec.ts', 'tenants/local.yaml', 'build/build.ts', 'package-lock.json'],
    ]),
  );
  expect(files.filter((file) => /\.test\.ts|testing\//.test(file))).toEqual([]);
});
