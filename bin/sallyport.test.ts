import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { functionCode } from '../lib/function-code.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const synthesise = (tenant: string, outdir: string) =>
  spawnSync(process.execPath, ['--no-warnings', '--import', 'tsx', 'bin/sallyport.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ tenant }) },
  });

const assetsIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('asset.'));

test('the example is synthesised: CDK’s own rules find nothing, and the same sources make the same bundles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];

  const { status, stderr } = synthesise('example', theirs);
  functionCode('router').bind(new Stack(new App({ outdir: ours }), 'Bundle'));

  const [made, again] = [assetsIn(theirs), assetsIn(ours)];
  rmSync(folder, { recursive: true });
  expect([status, stderr.replaceAll(/^Bundling asset .*$/gm, '').trim()]).toEqual([0, '']);
  expect(made).toHaveLength(9);
  expect(again).toHaveLength(1);
  expect(made).toContain(again[0]);
}, 120_000);

test('a faulty tenant file is told without a stack trace, and nothing is synthesised', () => {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  const file = join(folder, 'x.yaml');
  writeFileSync(file, 'tenant: x\nnope: 1\n');

  const { status, stderr } = synthesise(file, join(folder, 'out'));

  const isSynthesised = existsSync(join(folder, 'out', 'manifest.json'));
  rmSync(folder, { recursive: true });
  expect(status).toBe(1);
  expect(stderr).toContain(`ERR_CONFIGURATION_INVALID: ${file} has `);
  expect(stderr).toContain('- nope, line 2, column 1: expected only known settings here');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(isSynthesised).toBe(false);
});
