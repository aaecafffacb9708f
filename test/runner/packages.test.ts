// What `npm test` does about Debian packages that are missing, on machines of every kind.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { NEEDED } from '../support/debian.ts';
import { ROOT } from '../support/files.ts';
import { listSuites, suitesOf } from './jest.ts';
import { type Host, linesOf, type Missing, preparePackages, without } from './packages.ts';

const MISSING: readonly Missing[] = [
  { user: 'test/support/a.ts', packages: ['chromium', 'php-cli'] },
  { user: 'test/support/b.ts', packages: ['php-cli', 'ruby'] },
];

/** `after`: what is missing once it was tried to install it. */
const hostOf = (changes: Partial<Host>, after: readonly Missing[] = []) => {
  const installed: (readonly string[])[] = [];
  const said: string[] = [];
  const host: Host = {
    missing: () => (installed.length === 0 ? MISSING : after),
    canInstall: true,
    install: (packages) => void installed.push(packages),
    command: (packages) => `get ${packages.join(' ')}`,
    suitesOf: (users) => users.map((user) => join(ROOT, user.replace('support', 'e2e').replace('.ts', '.test.ts'))),
    isCi: false,
    say: (line) => void said.push(line),
    ...changes,
  };
  return { host, installed, said };
};

test('where it can, it installs each once and leaves nothing out', () => {
  const { host, installed } = hostOf({});

  expect(preparePackages(host)).toEqual({ packages: [], suites: [] });
  expect(installed).toEqual([['chromium', 'php-cli', 'ruby']]);
});

test('where all is there nothing is installed', () => {
  const { host, installed, said } = hostOf({ missing: () => [] });

  expect(preparePackages(host)).toEqual({ packages: [], suites: [] });
  expect([installed, said]).toEqual([[], []]);
});

test.each<[string, Partial<Host>]>([
  ['where nobody may install', { canInstall: false }],
  ['where the installation fails', {}],
])('%s, the suites that run them are left out and named, with what would help', (_, changes) => {
  const { host, said } = hostOf(changes, MISSING);

  const leftOut = preparePackages(host);

  expect(linesOf(leftOut)).toEqual(['left out, for want of chromium, php-cli, ruby:', '  test/e2e/a.test.ts', '  test/e2e/b.test.ts']);
  expect(said.at(-1)).toContain('As root: get chromium php-cli ruby');
});

test.each<[string, Partial<Host>]>([
  ['nobody may install', { canInstall: false }],
  ['the installation fails', {}],
])('in CI nothing is left out: it fails where %s, and names what is missing', (_, changes) => {
  const { host } = hostOf({ ...changes, isCi: true }, MISSING);

  expect(() => preparePackages(host)).toThrow('missing: chromium, php-cli, ruby. As root: get chromium php-cli ruby');
});

test('left out is what imports a user of a package, by whatever way; jest runs the rest', () => {
  const suites = suitesOf(['test/support/browser.ts']);

  const rest = new Set(listSuites(...without({ packages: ['chromium'], suites })));

  // By way of wpt's own files, and itself.
  const [related, free] = [
    ['test/web-platform/own-suite.test.ts', 'test/e2e/portal.test.ts'],
    ['test/e2e/cost.test.ts', 'test/architecture.test.ts'],
  ];
  expect(suites).toEqual(expect.arrayContaining(related.map((file) => join(ROOT, file))));
  expect(suites.filter((suite) => rest.has(suite))).toEqual([]);
  expect([...rest]).toEqual(expect.arrayContaining(free.map((file) => join(ROOT, file))));
  expect(rest.size + suites.length).toBe(listSuites().length);
}, 120_000);

test('each package is needed by a file that there is', () => {
  expect(Object.keys(NEEDED).filter((user) => !existsSync(join(ROOT, user)))).toEqual([]);
});
