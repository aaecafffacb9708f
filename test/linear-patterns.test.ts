// Every regular expression of the product takes a time that is linear in what it reads: told from the pattern, by what it could be made to
// try twice. Those that are put together from parts are in security/odd-inputs.test.ts, with all else that reads what a stranger sends.
import { type ParserPlugin, parse } from '@babel/parser';
import { expect, test } from '@jest/globals';
import { analyse } from 'scslre';
import { filesBelow, read } from './support/files.ts';

const ROOMS = ['policy', 'protocol', 'lambdas', 'tenants', 'connector', 'cli'];
const PLUGINS: ParserPlugin[] = ['typescript'];

/** What these read is never long. */
const SHORT: ReadonlySet<string> = new Set([
  // The name of the machine, 63 characters.
  'connector/settings.ts /^[^a-z0-9]+|[^a-z0-9]+$/gi',
  // The reason of a WebSocket's close, 123 bytes.
  'connector/origin-socket.ts /\\ufffd+$/',
  // The last 64 characters of a part.
  'lambdas/router/translation/css.ts /\\\\*.?$/s',
]);

interface Pattern {
  readonly source: string;
  readonly flags: string;
}

const patternsIn = (file: string): Pattern[] => {
  const found: Pattern[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('type' in node && node.type === 'RegExpLiteral') {
      const { pattern, flags } = node as unknown as { readonly pattern: string; readonly flags: string };
      found.push({ source: pattern, flags });
    }
    for (const inner of Object.values(node)) walk(inner);
  };
  walk(parse(read(file), { sourceType: 'module', plugins: PLUGINS }).program);
  return found;
};

const isSuperLinear = (pattern: Pattern): boolean => analyse(pattern).reports.length > 0;

test.each([
  ['a+$', true],
  ['^[. ]*\\.[. ]*$', true],
  ['^(?:a+)+$', true],
  ['^[. ]*$', false],
  ['a+', false],
])('/%s/ is told to take longer than it should: %s', (source, expected) => {
  expect(isSuperLinear({ source, flags: '' })).toBe(expected);
});

test('no regular expression of the product is slower than linear', () => {
  const files = ROOMS.flatMap((room) => filesBelow(room, '.ts')).filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  const patterns = files.flatMap((file) => patternsIn(file).map((pattern) => ({ file, ...pattern })));

  const slow = patterns.filter(isSuperLinear).map(({ file, source, flags }) => `${file} /${source}/${flags}`);

  expect(patterns.length).toBeGreaterThan(300);
  expect(slow.filter((one) => !SHORT.has(one))).toEqual([]);
  expect([...SHORT].filter((one) => !slow.includes(one))).toEqual([]);
}, 60_000);
