import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BELOW, cutAt, targetsFor, translateParts, translateText } from './testing/translated.ts';

const WIKI = 'https://wiki.apps.example.com';
const css = (text: string, own = BELOW) => translateText(text, { kind: 'css', targets: targetsFor({ own: [own] }) });

test.each([
  ['p{background:url(http://wiki.corp:8080/a.png)}', `p{background:url(${WIKI}/a.png)}`],
  ['p{background:URL( "http://wiki.corp:8080/a.png" )}', `p{background:URL( "${WIKI}/a.png" )}`],
  ["p{background:url('/int/a.png')}", "p{background:url('/ext/a.png')}"],
  ['p{background:url(/int/a.png)}', 'p{background:url(/ext/a.png)}'],
  ['@import"http://wiki.corp:8080/a.css"screen;', `@import"${WIKI}/a.css"screen;`],
  ['@IMPORT url("//wiki.corp:8080/a.css") layer(x);', '@IMPORT url("//wiki.apps.example.com/a.css") layer(x);'],
  [
    'p{x:image-set("http://wiki.corp:8080/1.png" 1x, url(http://wiki.corp:8080/2.png) 2x)}',
    `p{x:image-set("${WIKI}/1.png" 1x, url(${WIKI}/2.png) 2x)}`,
  ],
  ['@font-face{src:url(http://wiki.corp:8080/f.woff2)format("woff2")}', `@font-face{src:url(${WIKI}/f.woff2)format("woff2")}`],
])('%s', async (text, expected) => {
  expect(await css(text)).toBe(expected);
});

test.each([
  '/* url(http://wiki.corp:8080/) */',
  'p::after{content:"http://wiki.corp:8080/"}',
  '@namespace svg url(http://wiki.corp:8080/ns);',
  '@namespace "http://wiki.corp:8080/ns";',
  'p{background:url(a.png)}',
  'p{background:url(data:image/png;base64,aaaa)}',
  'p{background:url(http://wiki.corp:8080.evil.example/)}',
])('stays: %s', async (text) => {
  expect(await css(text)).toBe(text);
});

describe('a token that is longer than is held', () => {
  const data = 'A'.repeat(200_000);
  test.each([`p{a:url(data:x,${data}\\))}`, `p{a:url("data:x,${data}\\" )")}`, `/* ${data} " ' ( */`, `p{a:url("${data}\n)}`])(
    'passes, and what follows it is found, wherever it is cut (%#)',
    async (long) => {
      const text = Buffer.from(`p{b:url(http://wiki.corp:8080/1)}${long}p{c:url(http://wiki.corp:8080/2)}`);
      const cuts = [[], Array.from({ length: 20 }, (_, index) => index * 11_003), [70_000, 70_001, text.length - 40, text.length - 39]];

      const results = await Promise.all(
        cuts.map(async (places) => Buffer.concat(await translateParts(cutAt(text, places), { kind: 'css' })).toString()),
      );

      expect(new Set(results).size).toBe(1);
      expect(results[0]).toBe(text.toString().replaceAll('http://wiki.corp:8080/', `${WIKI}/`));
    },
  );
});

test('it does not matter where its parts are cut, and without an address equal bytes come out', async () => {
  const part = fc.constantFrom(
    'url(',
    'http://wiki.corp:8080/x',
    ')',
    '"',
    "'",
    '@import ',
    '/*',
    '*/',
    '\\',
    '{',
    '}',
    ';',
    '\n',
    '<!--',
    'image-set(',
    '/int/',
    ' ',
    '-',
    '1e',
    '@namespace ',
  );
  const style = fc.array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')));
  await fc.assert(
    fc.asyncProperty(style, fc.array(fc.nat(400)), async (text, places) => {
      const whole = Buffer.concat(await translateParts([text], { kind: 'css' }));
      const nothing = targetsFor({ publishedAt: async () => [] });

      const cut = Buffer.concat(await translateParts(cutAt(text, places), { kind: 'css' }));
      const untouched = Buffer.concat(await translateParts(cutAt(text, places), { kind: 'css', targets: nothing }));

      expect(cut.toString('latin1')).toBe(whole.toString('latin1'));
      expect(untouched.equals(text)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
