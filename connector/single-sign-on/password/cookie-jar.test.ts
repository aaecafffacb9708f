import { describe, expect, test } from '@jest/globals';
import { CookieJar } from './cookie-jar.ts';

const NOW = Date.UTC(2026, 0, 1);
const filled = (...lines: string[]) => {
  const clock = { now: NOW };
  const jar = new CookieJar(() => clock.now);
  for (const line of lines) jar.take([['set-cookie', line]], '/app/page?x=1');
  return { clock, jar, at: (path: string) => cookieOf(jar.fill([], path)) };
};
const cookieOf = (headers: ReadonlyArray<readonly [string, string]>) => headers.find(([name]) => name === 'Cookie')?.[1];

test('what an answer sets is kept and left out of it; everything else stays', () => {
  const jar = new CookieJar(() => NOW);

  const rest = jar.take(
    [
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['SET-COOKIE', 'b=2; HttpOnly; Secure'],
    ],
    '/',
  );

  expect(rest).toEqual([['X-A', '1']]);
  expect(jar.fill([['X-B', '2']], '/')).toEqual([
    ['X-B', '2'],
    ['Cookie', 'a=1; b=2'],
  ]);
});

describe('paths (RFC 6265 §5.1.4)', () => {
  test.each([
    ['a=1', '/app', true],
    ['a=1', '/app/other', true],
    ['a=1', '/application', false],
    ['a=1', '/', false],
    ['a=1; Path=/', '/anything?with=query', true],
    ['a=1; Path=/x', '/x', true],
    ['a=1; Path=/x', '/x/y', true],
    ['a=1; Path=/x', '/xy', false],
    ['a=1; Path=/x/', '/x', false],
    ['a=1; Path=nonsense', '/app/z', true],
  ])('%s is sent to %s: %s', (line, path, sent) => {
    expect(filled(line).at(path)).toBe(sent ? 'a=1' : undefined);
  });

  test('the longest comes first, and one of the same name and path takes the place of the other', () => {
    expect(filled('a=1; Path=/', 'a=2; Path=/app', 'a=3; Path=/').at('/app')).toBe('a=2; a=3');
  });
});

describe('an end', () => {
  test.each(['a=; Max-Age=0', 'a=x; Max-Age=-1', 'a=x; Expires=Thu, 01 Jan 1970 00:00:01 GMT'])('%s removes the cookie', (line) => {
    expect(filled('a=1', line).jar.empty).toBe(true);
  });

  test('comes by itself', () => {
    const { clock, at } = filled('a=1; Max-Age=60', 'b=2; Expires=Thu, 01 Jan 2026 00:02:00 GMT', 'c=3');

    const sent = [0, 61_000, 121_000].map((ms) => {
      clock.now = NOW + ms;
      return at('/app');
    });

    expect(sent).toEqual(['a=1; b=2; c=3', 'b=2; c=3', 'c=3']);
  });
});

test('the jar’s own names are not taken from the browser, whatever their path; others are passed', () => {
  const { jar } = filled('sid=mine; Path=/elsewhere', 'b=2; Path=/');

  const headers = jar.fill(
    [
      ['cookie', 'sid=theirs; theme=dark'],
      ['Cookie', 'b=theirs;c=3'],
    ],
    '/',
  );

  expect(headers).toEqual([['Cookie', 'b=2; theme=dark; c=3']]);
});

test('memory is bounded: fifty cookies of four kilobytes', () => {
  const { at, jar } = filled(
    ...Array.from({ length: 60 }, (_, index) => `c${index}=1`),
    `big=${'x'.repeat(5_000)}`,
    '=nameless',
    'nonsense',
  );

  expect(at('/app')!.split('; ')).toHaveLength(50);
  expect(at('/app')).toContain('c59=1');
  expect(JSON.stringify(jar.fill([], '/app'))).not.toMatch(/big|nameless|nonsense|"c0=/);
});
