// Artillery is not installed for `npm test`: that its scenarios fit to what runs them is seen without it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { run } from '../support/administrator.ts';
import { ROOT, read } from '../support/files.ts';

interface Step {
  readonly loop?: readonly Step[];
  readonly count?: number;
  readonly get?: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly expect?: unknown };
}

interface Scenario {
  readonly config: {
    readonly target: string;
    readonly phases: readonly { readonly duration: number; readonly arrivalCount: number }[];
    readonly plugins: Readonly<Record<string, unknown>>;
    readonly ensure: { readonly conditions: readonly { readonly expression: string }[] };
  };
  readonly scenarios: readonly { readonly flow: readonly Step[] }[];
}

const FOLDER = 'load-tests/scenarios';
const FILES = readdirSync(join(ROOT, FOLDER));
const RUN = read('load-tests/run.ts');

const requests = (steps: readonly Step[]): NonNullable<Step['get']>[] =>
  steps.flatMap(({ get, loop = [], count = 1 }) => [...(get ? [get] : []), ...Array.from({ length: count }, () => requests(loop)).flat()]);

describe.each(FILES)('%s', (file) => {
  const text = read(join(FOLDER, file));
  const { config, scenarios }: Scenario = parse(text);
  const made = scenarios.flatMap(({ flow }) => requests(flow));

  test('uses only variables that the runner sets', () => {
    const used = [...text.matchAll(/\$env\.(\w+)/g)].map(([, name]) => name!);

    expect(used).toContain('LOAD_TARGET');
    expect(used.filter((name) => !RUN.includes(` ${name}: `))).toEqual([]);
  });

  test('asks one host as a signed-in user, and expects what the plugins check', () => {
    expect(made.length).toBeGreaterThan(0);
    for (const request of made) {
      expect(request.url).toMatch(/^\//);
      expect(Object.keys(request.headers).sort()).toEqual(['Cookie', 'Host']);
      expect(request.expect).toBeDefined();
    }
    // Without its plugin Artillery passes over an expectation in silence.
    expect(Object.keys(config.plugins).sort()).toEqual(['ensure', 'expect']);
  });

  test('demands that every one of its requests is answered with 200', () => {
    const users = config.phases.reduce((sum, { arrivalCount }) => sum + arrivalCount, 0);

    const demanded = config.ensure.conditions.map(({ expression }) => expression);

    expect(demanded).toContain(`http.codes.200 == ${users * made.length}`);
    expect(demanded).toContain('vusers.failed == 0');
  });
});

test('its README has each option of the runner and each scenario, and no other', () => {
  const readme = read('load-tests/README.md');

  expect([...readme.matchAll(/^\| `--([a-z-]+)/gm)].map(([, name]) => name)).toEqual(['ready-file', 'application', 'user', 'scenario']);
  expect([...RUN.matchAll(/^ {2}'?([a-z-]+)'?: \{ type: 'string'/gm)].map(([, name]) => name)).toEqual([
    'ready-file',
    'application',
    'user',
    'scenario',
  ]);
  expect([...readme.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => `${name}.yml`)).toEqual(FILES);
});

test('its lock file has the version that its package names, and no download addresses', () => {
  const { dependencies } = JSON.parse(read('load-tests/package.json'));
  const { packages } = JSON.parse(read('load-tests/package-lock.json'));

  for (const [name, version] of Object.entries(dependencies)) expect(packages[`node_modules/${name}`].version).toBe(version);
  expect(Object.values<{ resolved?: string }>(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test.each<[string, string[], RegExp]>([
  ['no ready file', [], /^ERR_CONFIGURATION_INVALID: Give --ready-file FILE/],
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
  async (_, options, told) => {
    const { status, output } = await run(process.execPath, '--import', 'tsx', 'load-tests/run.ts', ...options);

    expect(status).toBe(2);
    expect(output).toMatch(told);
  },
  60_000,
);
