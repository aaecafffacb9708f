// How packages are installed where somebody else is at it too.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Apt, type Ended, install } from './apt.ts';

const DONE: Ended = { status: 0, stderr: '' };
const LOCKS = [
  'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)',
  'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
  'E: Unable to lock directory /var/cache/apt/archives/',
];

/** `answer`: to the nth command; time passes by pauses alone. */
const played = (answer: (line: string, number: number) => Ended) => {
  const lines: string[] = [];
  const said: string[] = [];
  let now = 0;
  const apt: Apt = {
    run: (command, args, cwd) => {
      lines.push([command, ...args.map((arg) => (cwd === undefined ? arg : arg.replace(cwd, '.')))].join(' '));
      if (args[0] === 'download') writeFileSync(join(cwd!, 'novnc.deb'), '');
      return answer(lines.at(-1)!, lines.length);
    },
    now: () => now,
    pause: (ms) => {
      now += ms;
    },
    say: (line) => said.push(line),
  };
  return { apt, lines, said, passed: () => now };
};

test.each(LOCKS)('waits for a lock that somebody holds: %s', (stderr) => {
  const { apt, lines, said } = played((_, number) => (number === 1 || number === 3 ? { status: 100, stderr } : DONE));

  install(['chromium'], apt);

  const [update, get] = ['apt-get update -qq', 'apt-get install -y --no-install-recommends chromium'];
  expect(lines).toEqual([update, update, get, get]);
  expect(said).toEqual([]);
});

test('one who never lets go is named in the end', () => {
  const { apt, said, passed } = played(() => ({ status: 100, stderr: LOCKS[0]! }));

  install(['chromium'], apt);

  expect(said).toEqual([LOCKS[0], LOCKS[0]]);
  expect(passed()).toBeLessThan(3_600_000);
});

test('any other failure is not tried again', () => {
  const { apt, lines, said } = played((line) => (line.includes('install') ? { status: 100, stderr: 'E: Unable to locate package' } : DONE));

  install(['none'], apt);

  expect(lines.length).toBe(2);
  expect(said).toEqual(['E: Unable to locate package']);
});

test('no package brings Debian’s Node along: what depends on it comes alone', () => {
  const { apt, lines } = played(() => DONE);

  install(['novnc', 'websockify'], apt);

  expect(lines.slice(1, 3)).toEqual([
    'apt-get install -y --no-install-recommends websockify',
    'apt-get download -qq -o APT::Sandbox::User=root novnc',
  ]);
  expect(lines[3]).toMatch(/^dpkg-deb --extract .*novnc\.deb \/$/);
});
