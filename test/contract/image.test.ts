// The connector's image cannot be built where the tests run: what its Dockerfile says is read instead.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SETTINGS } from '../../connector/settings.ts';
import { ROOT, read } from '../support/files.ts';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

const instructions: Instruction[] = read('connector/Dockerfile')
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, text: text.trim() };
  });

const begins = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
const stages = begins.map((at, index): Stage => {
  const [image = '', , name] = instructions[at]!.text.split(/\s+/);
  return { image, name, instructions: instructions.slice(at + 1, begins[index + 1]) };
});
const [building, running] = stages as [Stage, Stage];
const all = (stage: Stage, name: string): string[] => stage.instructions.filter((one) => one.name === name).map(({ text }) => text);

/** What a COPY takes, and from which stage: undefined is the repository. */
const copies = (stage: Stage) =>
  all(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/);
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    return { from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
  });

/** As Docker reads .dockerignore, for the patterns that ours has: names, below any folder with `**` and a slash. */
const isIgnored = (path: string): boolean =>
  read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '')
    .some((pattern) => {
      const name = pattern.replace(/^\*\*\//, '');
      const parts = path.split('/');
      return pattern.startsWith('**/') ? parts.includes(name) : parts[0] === name;
    });

test('one stage builds, another runs, both on a named release of one image', () => {
  expect(stages).toHaveLength(2);
  expect(building.name).toBe('build');
  expect(running.image).toBe(building.image);
  expect(running.image).toMatch(/^node:\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
});

test('it runs on a release of Node for which the connector is made', () => {
  const [, major] = /^node:(\d+)/.exec(running.image) ?? [];

  expect(Number(major)).toBeGreaterThanOrEqual(Number(/>=(\d+)/.exec(JSON.parse(read('package.json')).engines.node)?.[1]));
});

test('what it takes from the repository is there and not kept out', () => {
  const taken = stages.flatMap(copies).filter(({ from }) => from === undefined);
  const paths = taken.flatMap(({ sources }) => sources);

  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)) || isIgnored(path))).toEqual([]);
  // Nothing of ours gets into the image that runs but what the other stage made.
  expect(copies(running).map(({ from }) => from)).toEqual(copies(running).map(() => 'build'));
});

test('the bundler reads nothing of ours that the build stage lacks', () => {
  const copied = copies(building).flatMap(({ sources }) => sources);
  const imports = [...read('build/connector.ts').matchAll(/from '(\.[^']+)'/g)].map(([, path]) => join('build', path!).split('/')[0]!);

  expect([...new Set([...imports, 'build', 'connector', 'protocol'])].filter((folder) => !copied.includes(folder))).toEqual([]);
});

test('what one stage hands to the other is what it makes', () => {
  const handed = copies(running).flatMap(({ sources }) => sources.map((path) => path.replace(/^\/build\//, '')));

  // dist/ is there: `npm test` builds first, with the very same bundler.
  expect(handed).toContain('dist/connector.mjs');
  expect(handed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('it runs as a user who is not root, by number, to the end', () => {
  const user = running.instructions.findLastIndex(({ name }) => name === 'USER');

  expect(running.instructions[user]?.text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(running.instructions.slice(user + 1).map(({ name }) => name)).not.toContain('RUN');
});

test('its state is on a volume that belongs to that user and to no one else', () => {
  const [user] = all(running, 'USER');
  const [uid, gid] = user!.split(':');

  expect(all(running, 'VOLUME')).toEqual([SETTINGS.stateDirectory.default]);
  expect(all(running, 'RUN')).toContain(`install -d -o ${uid} -g ${gid} -m 0700 ${SETTINGS.stateDirectory.default}`);
});

test('its health is asked where the connector answers, by a program that the image has', () => {
  const [check = ''] = all(running, 'HEALTHCHECK');
  const command: string[] = JSON.parse(check.slice(check.indexOf('[')));

  expect(command[0]).toBe('node');
  expect(command.at(-1)).toContain(`http://${SETTINGS.healthAddress.default}/ready`);
});

test('it starts the bundle itself, so that signals reach it, and holds no secret', () => {
  expect(JSON.parse(all(running, 'ENTRYPOINT')[0]!)).toEqual(['node', '/opt/sallyport/connector.mjs']);
  expect(instructions.filter(({ name }) => name === 'ARG' || name === 'ENV' || name === 'ADD')).toEqual([]);
});
