import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('a faulty tenant file is told without a stack trace, and nothing is synthesised', () => {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  const file = join(folder, 'x.yaml');
  writeFileSync(file, 'tenant: x\nnope: 1\n');

  const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', '--import', 'tsx', 'bin/sallyport.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', CDK_OUTDIR: join(folder, 'out'), CDK_CONTEXT_JSON: JSON.stringify({ tenant: file }) },
  });

  const isSynthesised = existsSync(join(folder, 'out', 'manifest.json'));
  rmSync(folder, { recursive: true });
  expect(status).toBe(1);
  expect(stderr).toContain(`ERR_CONFIGURATION_INVALID: ${file} has `);
  expect(stderr).toContain('- nope, line 2, column 1: expected only known settings here');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(isSynthesised).toBe(false);
});
