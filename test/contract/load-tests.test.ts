// That the scenarios fit to what runs them is seen without Artillery; test/e2e/load-target.test.ts runs one.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { PARTS } from '../../load-tests/bench/parts.ts';
import { startChild } from '../support/child.ts';
import { filesBelow, ROOT, read } from '../support/files.ts';

interface Asked {
  readonly url: string;
  readonly expect?: unknown;
}

interface Step {
  readonly loop?: readonly Step[];
  readonly parallel?: readonly Step[];
  readonly count?: number;
  readonly get?: Asked;
  readonly post?: Asked & { readonly beforeRequest?: string };
  readonly function?: string;
}

interface Scenario {
  readonly config: {
    readonly phases: readonly { readonly arrivalCount: number }[];
    readonly ensure: {
      readonly thresholds: readonly Readonly<Record<string, number>>[];
      readonly conditions: readonly { readonly expression: string }[];
    };
  };
  readonly scenarios: readonly { readonly beforeScenario?: string; readonly flow: readonly Step[] }[];
}

const FOLDER = 'load-tests/scenarios';
const FILES = readdirSync(join(ROOT, FOLDER));
const SHARED = parse(read('load-tests/config.yml')).config;
const STEPS = [...read('load-tests/steps/steps.ts').matchAll(/export \{ ([^}]+) \}/g)].flatMap(([, names]) => names!.split(', '));

/** A step and those within, as often as a user does them. */
const done = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step) => [
    step,
    ...Array.from({ length: step.count ?? 1 }, () => done([...(step.loop ?? []), ...(step.parallel ?? [])])).flat(),
  ]);

describe.each(FILES)('%s', (file) => {
  const { config, scenarios }: Scenario = parse(read(join(FOLDER, file)));
  const steps = scenarios.flatMap(({ flow }) => done(flow));
  const asked = steps.flatMap(({ get, post }) => get ?? post ?? []);
  const users = config.phases.reduce((sum, { arrivalCount }) => sum + arrivalCount, 0);
  const conditions = config.ensure.conditions.map(({ expression }) => expression);

  test('leaves target, sign-in and plugins to the shared configuration, and asks below the target', () => {
    expect(Object.keys(config).sort()).toEqual(['ensure', 'phases']);
    for (const { url, expect: expected } of asked) {
      expect(url).toMatch(/^\//);
      expect(expected).toBeDefined();
    }
  });

  test('uses only steps that there are', () => {
    const used = steps.flatMap((step) => step.function ?? step.post?.beforeRequest ?? []);

    expect(used.filter((name) => !STEPS.includes(name))).toEqual([]);
    expect(asked.length + used.length).toBeGreaterThan(0);
  });

  test('has each single measurement written down', () => {
    expect(scenarios.map(({ beforeScenario }) => beforeScenario)).toEqual(['record']);
  });

  test('demands that all that its users do comes to a good end, in a time', () => {
    const demanded = conditions.map((condition) => Number(/^[\w.]+ == (\d+)$/.exec(condition)?.[1]));

    expect(config.ensure.thresholds.length).toBeGreaterThan(0);
    if (asked.length > 0) expect(conditions).toContain(`http.requests == ${users * asked.length}`);
    if (asked.length > 0) expect(conditions.some((condition) => /^http\.codes\.[23]\d\d == /.test(condition))).toBe(true);
    else for (const count of demanded) expect(count % users).toBe(0);
  });
});

test('the shared configuration lets no user fail, and reads only variables that the runner sets', () => {
  const variables = [...read('load-tests/config.yml').matchAll(/\$env\.(\w+)/g)].map(([, name]) => name!);
  const inSteps = filesBelow('load-tests/steps', '.ts').flatMap((file) => [...read(file).matchAll(/\bLOAD_\w+/g)].map(([name]) => name));
  const set = [...read('load-tests/variables.ts').matchAll(/^ {2}readonly (\w+): string;/gm)].map(([, name]) => name!);

  expect(SHARED.ensure).toEqual({ maxErrorRate: 0 });
  // Without its plugin Artillery passes over an expectation in silence.
  expect(Object.keys(SHARED.plugins).sort()).toEqual(['ensure', 'expect']);
  expect([...variables, ...inSteps].filter((name) => !set.includes(name))).toEqual([]);
});

test('every step is declared async: what is not, Artillery waits for in vain', () => {
  const sources = filesBelow('load-tests/steps', '.ts').map(read).join('\n');

  expect(STEPS.length).toBeGreaterThan(0);
  expect(STEPS.filter((name) => !new RegExp(`export const ${name} = async \\(`).test(sources))).toEqual([]);
});

test('its README has each option of the runner, each scenario and each part of the benchmark, and no other', () => {
  const readme = read('load-tests/README.md');
  const options = [...read('load-tests/options.ts').matchAll(/^ {2}'?([a-z-]+)'?: \{ type: 'string'/gm)].map(([, name]) => name);

  expect([...readme.matchAll(/^\| `--([a-z-]+)/gm)].map(([, name]) => name)).toEqual(options);
  const [scenarios = '', parts = ''] = readme.split('| part of the benchmark |');
  const rows = (text: string) => [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect(rows(scenarios).sort()).toEqual(FILES.map((file) => file.replace('.yml', '')).sort());
  expect(rows(parts)).toEqual(Object.keys(PARTS));
});

test('its lock file has the version that its package names, and no download addresses', () => {
  const { dependencies } = JSON.parse(read('load-tests/artillery/package.json'));
  const { packages } = JSON.parse(read('load-tests/artillery/package-lock.json'));

  for (const [name, version] of Object.entries(dependencies)) expect(packages[`node_modules/${name}`].version).toBe(version);
  expect(Object.values<{ resolved?: string }>(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test.each<[string, string[], RegExp, Record<string, string>?]>([
  ['two targets', ['--ready-file', 'x', '--target', 'https://a.example/'], /^ERR_CONFIGURATION_INVALID: Give --ready-file FILE.* not both/],
  [
    'a target in the clear',
    ['--target', 'http://a.example/'],
    /^ERR_CONFIGURATION_INVALID: --target http:\/\/a\.example\/ is no https URL/,
  ],
  [
    'a stack without anybody to sign in',
    ['--target', 'https://a.example/'],
    /^ERR_CONFIGURATION_INVALID: Set LOAD_USERNAME and LOAD_PASSWORD/,
  ],
  [
    'a sign-in storm by a cookie',
    ['--target', 'https://a.example/', '--scenario', 'sign-in-storm'],
    /^ERR_CONFIGURATION_INVALID: sign-in-storm: Set LOAD_USERNAME and LOAD_PASSWORD/,
    { LOAD_COOKIE: 'a=b' },
  ],
  [
    'a sign-in storm by a one-time code',
    ['--target', 'https://a.example/', '--scenario', 'steady,sign-in-storm'],
    /^ERR_CONFIGURATION_INVALID: sign-in-storm: A one-time code is good once/,
    { LOAD_USERNAME: 'u', LOAD_PASSWORD: 'p', LOAD_CODE: '123456' },
  ],
  [
    'a lost connector without a word how',
    ['--target', 'https://a.example/', '--scenario', 'connector-loss'],
    /^ERR_CONFIGURATION_INVALID: connector-loss: Give --kill COMMAND/,
    { LOAD_COOKIE: 'a=b' },
  ],
  [
    'connectors that cannot be enrolled',
    ['--target', 'https://a.example/', '--scenario', 'reconnect-storm'],
    /^ERR_CONFIGURATION_INVALID: reconnect-storm: Set SALLYPORT_CONTROL_ENDPOINT/,
    { LOAD_COOKIE: 'a=b' },
  ],
  [
    'a password file that is not there',
    ['--target', 'https://a.example/'],
    /^ERR_CONFIGURATION_INVALID: LOAD_PASSWORD_FILE \/none cannot be read/,
    { LOAD_USERNAME: 'u', LOAD_PASSWORD_FILE: '/none' },
  ],
  [
    'a ready file that is not there',
    ['--ready-file', '/none.json'],
    /^ERR_CONFIGURATION_INVALID: --ready-file \/none\.json cannot be read/,
  ],
  [
    'an unknown scenario',
    ['--ready-file', 'x', '--scenario', 'wild'],
    /^ERR_CONFIGURATION_INVALID: There is no scenario wild; there are .*steady/,
  ],
  ['an unknown option', ['--redy-file', 'x'], /^ERR_CONFIGURATION_INVALID: Unknown option '--redy-file'/],
])(
  '`npm run load` refuses %s before anything is installed',
  async (_, options, told, environment = {}) => {
    const args = ['--import', 'tsx', 'load-tests/run.ts', ...options];
    const child = startChild(process.execPath, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '--no-warnings', ...environment } });
    const [status, output] = [await child.ended, child.output()];

    expect(status).toBe(2);
    expect(output).toMatch(told);
  },
  60_000,
);
