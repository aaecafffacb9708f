import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseStartOptions, USAGE } from './start-options.ts';

test('without options there is one connector behind port 8080 in the faithful mode', () => {
  const options = parseStartOptions([]);

  expect(options).toEqual({
    publish: [],
    translate: false,
    port: 8080,
    connectors: 1,
    connectorConfig: null,
    lambda: 'faithful',
    tls: false,
    pace: 'aws',
    departures: 'seen',
    lengths: 'kept',
    runtime: null,
    faults: {},
    readyFile: null,
    tenant: null,
    assembly: null,
  });
});

test('applications to publish are read, and their URLs end with a slash', () => {
  const options = parseStartOptions(['--publish', 'wiki=http://127.0.0.1:3000/base', '--publish', 'docs=https://localhost:8443']);

  expect(options?.publish).toEqual([
    { name: 'wiki', internalUrl: 'http://127.0.0.1:3000/base/' },
    { name: 'docs', internalUrl: 'https://localhost:8443/' },
  ]);
});

test('everything that is wrong is said at once', () => {
  const attempt = () =>
    parseStartOptions([
      '--publish',
      'Wiki',
      '--publish',
      'a=ftp://x/',
      '--port',
      '65536',
      '--lambda',
      'slow',
      '--connectors',
      '21',
      '--pace',
      'fast',
      '--departures',
      'no',
      '--lengths',
      'long',
      '--faults',
      'x=1',
    ]);

  expect(attempt).toThrow(
    /^The options cannot be used:\n {2}--publish expects NAME=URL.*\n {2}--publish a expects.*\n {2}--port expects.*\n {2}--connectors expects.*\n {2}--lambda expects.*\n {2}--pace expects.*\n {2}--departures expects seen or unseen.*\n {2}--lengths expects kept or renamed.*\n.*x is not a fault.*\n.*--help/,
  );
});

test('the threads of the quick mode have no Node.js of their own', () => {
  expect(() => parseStartOptions(['--lambda', 'quick', '--runtime', 'x'])).toThrow('--runtime needs --lambda faithful');
});

test('an unknown option is refused', () => {
  expect(() => parseStartOptions(['--lamda', 'quick'])).toThrow("Unknown option '--lamda'");
});

test('one name cannot be published twice', () => {
  expect(() => parseStartOptions(['--publish', 'a=http://x/', '--publish', 'a=http://y/'])).toThrow('--publish names a twice');
});

test('help is asked for', () => {
  expect(parseStartOptions(['--help', '--port', 'x'])).toBeNull();
});

test('docs/simulator.md has each option, and no other', () => {
  const document = readFileSync(new URL('../docs/simulator.md', import.meta.url), 'utf8');
  const inUsage = [...USAGE.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);

  const inDocument = [...document.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, flag]) => flag);

  expect(inDocument).toEqual(inUsage);
});
