// Really bundles the router: what is tested here is what would be deployed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { ENVIRONMENT } from '../lambdas/router/environment.ts';
import { functionCode } from './function-code.ts';

const BUNDLE_MAX_BYTES = 1_000_000;

let outdir: string;
let file: string;

beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'bundle-'));
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  functionCode('router').bind(new Stack(app, 'Bundle'));
  const asset = readdirSync(outdir).find((name) => name.startsWith('asset.'))!;
  file = join(outdir, asset, 'index.mjs');
});
afterAll(() => rmSync(outdir, { recursive: true }));

test('the router’s bundle stays below 1 MB, minified', () => {
  const text = readFileSync(file, 'utf8');

  expect(Buffer.byteLength(text)).toBeLessThan(BUNDLE_MAX_BYTES);
  expect(text.split('\n').length).toBeLessThan(200);
  expect(text).not.toContain('sourceMappingURL');
});

/** Settings of the router that are JSON, as lib/ writes them. */
const JSON_SETTINGS = {
  APPEARANCE: '{"name":"Example","color":null,"support":null}',
  IDENTITY_PROVIDERS: JSON.stringify([
    {
      protocol: 'openid',
      id: 'main',
      emailDomains: [],
      issuer: 'https://login.example.com',
      claims: { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups', further: [] },
      secondFactor: { amr: ['mfa'], acr: [] },
    },
  ]),
  EDGE: 'null',
};

test('it has the SDK inside, and loads as an ES module by itself', () => {
  const script = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
    const before = performance.now();
    const { handler } = await import(${JSON.stringify(file)});
    process.stdout.write(JSON.stringify({ handler: typeof handler, ms: Math.round(performance.now() - before) }), () => process.exit());`;
  const env = {
    PATH: process.env.PATH,
    ...Object.fromEntries(ENVIRONMENT.map((name) => [name, 'https://x.invalid'])),
    ...JSON_SETTINGS,
    AWS_REGION: 'eu-central-1',
  };

  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: outdir,
    env,
    encoding: 'utf8',
    timeout: 20_000,
  });

  expect(stderr).not.toMatch(/Error/);
  const { handler, ms } = JSON.parse(stdout) as { handler: string; ms: number };
  expect(handler).toBe('function');
  process.stderr.write(`router: ${readFileSync(file).length} bytes, initialised in ${ms} ms\n`);
});

test('a folder without a handler is named', () => {
  expect(() => functionCode('stores').bind(new Stack(new App({ outdir: join(outdir, 'none') }), 'Bundle'))).toThrow(
    'lambdas/stores has no handler.ts',
  );
});
