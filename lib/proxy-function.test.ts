// Really bundles the router: what is tested here is what would be deployed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT } from '../lambdas/router/environment.ts';
import { ProxyFunction } from './proxy-function.ts';
import { resourcesOf } from './testing/synthesise.ts';

const BUNDLE_MAX_BYTES = 1_000_000;

describe('a bundle', () => {
  let outdir: string;
  let file: string;

  beforeAll(() => {
    outdir = mkdtempSync(join(tmpdir(), 'bundle-'));
    const app = new App({ outdir, builtinCloudFormationValidation: false });
    const router = new ProxyFunction(new Stack(app, 'Bundle'), 'Router', {
      folder: 'router',
      environment: ENVIRONMENT,
      description: 'router',
      timeout: Duration.minutes(15),
    });
    for (const name of ENVIRONMENT) router.set(name, 'x');
    app.synth();
    const asset = readdirSync(outdir).find((name) => name.startsWith('asset.'))!;
    file = join(outdir, asset, 'index.mjs');
  });
  afterAll(() => rmSync(outdir, { recursive: true }));

  test('of the router stays below 1 MB, minified', () => {
    const text = readFileSync(file, 'utf8');

    expect(Buffer.byteLength(text)).toBeLessThan(BUNDLE_MAX_BYTES);
    expect(text.split('\n').length).toBeLessThan(200);
    expect(text).not.toContain('sourceMappingURL');
  });

  test('has the SDK inside, and loads as an ES module by itself', () => {
    const script = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
      const before = performance.now();
      const { handler } = await import(${JSON.stringify(file)});
      process.stdout.write(JSON.stringify({ handler: typeof handler, ms: Math.round(performance.now() - before) }), () => process.exit());`;
    const env = {
      PATH: process.env.PATH,
      ...Object.fromEntries(ENVIRONMENT.map((name) => [name, 'https://x.invalid'])),
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
});

describe('a function', () => {
  const build = () => {
    const stack = new Stack(new App({ builtinCloudFormationValidation: false, context: { 'aws:cdk:bundling-stacks': [] } }), 'Function');
    const made = new ProxyFunction(stack, 'Authorizer', {
      folder: 'reply-authorizer',
      environment: ['ONE', 'TWO'],
      description: 'An authorizer',
      timeout: Duration.seconds(10),
    });
    return { stack, made };
  };

  test('runs on the newest Node on arm64 with its own role and log group', () => {
    const { stack, made } = build();
    made.set('ONE', '1');
    made.set('TWO', '2');

    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Environment: { Variables: { ONE: '1', TWO: '2' } },
      LoggingConfig: { LogGroup: { Ref: Object.keys(resourcesOf(template, 'AWS::Logs::LogGroup'))[0] } },
    });
    template.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 90 }, DeletionPolicy: 'Retain' });
  });

  test('may do nothing but write its log', () => {
    const { stack, made } = build();
    made.set('ONE', '1');
    made.set('TWO', '2');

    const template = Template.fromStack(stack);

    const [role] = Object.values(resourcesOf(template, 'AWS::IAM::Role'));
    expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
    const [policy] = Object.values(resourcesOf(template, 'AWS::IAM::Policy'));
    const log = Object.keys(resourcesOf(template, 'AWS::Logs::LogGroup'))[0];
    expect(policy?.Properties.PolicyDocument).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [log, 'Arn'] } }],
    });
  });

  test('whose environment lacks a name is not deployed', () => {
    const { stack, made } = build();
    made.set('ONE', '1');

    expect(() => Template.fromStack(stack)).toThrow(/reply-authorizer\/environment\.ts names TWO, which lib\/ does not set/);
  });
});
