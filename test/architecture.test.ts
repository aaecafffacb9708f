// Dependencies point one way (ARCHITECTURE.md). This reads the imports and says where one points back.
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { filesBelow, read } from './support/files.ts';

/** Folder → what else of ours it may import. Tests may import what they test and test/support. */
const MAY_IMPORT: Readonly<Record<string, readonly RegExp[]>> = {
  protocol: [],
  policy: [/^protocol\/errors\.ts$/, /^lambdas\/stores\/records\.ts$/],
  tenants: [/^protocol\//, /^policy\//, /^lambdas\/stores\/records\.ts$/],
  lambdas: [/^protocol\//, /^policy\//, /^tenants\//],
  connector: [/^protocol\//],
  lib: [/^protocol\//, /^tenants\//, /^lambdas\/[\w-]+\/environment\.ts$/],
  bin: [/^lib\//, /^tenants\//],
  cli: [/^tenants\//, /^policy\//, /^protocol\//],
  simulator: [/^protocol\//, /^cli\//, /^tenants\//],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const importsOf = (file: string): Import[] => {
  return [...read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to]) => ({
    from: file,
    to: normalize(join(dirname(file), to!)),
  }));
};

const sources = (folder: string): string[] => filesBelow(folder, '.ts').filter((file) => !file.endsWith('.test.ts'));

test.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (folder) => {
  const files = sources(folder);

  const wrong = files
    .flatMap(importsOf)
    .filter(({ to }) => !to.startsWith(`${folder}/`) && !MAY_IMPORT[folder]!.some((allowed) => allowed.test(to)));

  expect(files.length).toBeGreaterThan(0);
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('the core knows no AWS: only handlers and the adapters named here import its SDK', () => {
  const adapters = [
    /\/handler\.ts$/,
    /^lambdas\/stores\//,
    /^lambdas\/secrets\.ts$/,
    /^lambdas\/router\/ask-portal\.ts$/,
    /^lambdas\/router\/post\.ts$/,
    /^lambdas\/close-connection\.ts$/,
    /^lambdas\/control\/function-log\.ts$/,
    /^connector\/reply\.ts$/,
  ];

  const wrong = ['protocol', 'policy', 'lambdas', 'connector', 'tenants']
    .flatMap(sources)
    .filter((file) => /from '@aws-sdk\//.test(read(file)) && !adapters.some((adapter) => adapter.test(file)));

  expect(wrong).toEqual([]);
});
