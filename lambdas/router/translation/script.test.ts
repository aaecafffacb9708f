import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ADDRESS_MAX } from './spelling.ts';
import { cutAt, targetsFor, translateParts, translateText } from './testing/translated.ts';

const script = (text: string) => translateText(text, { kind: 'script' });

describe('an address keeps the spelling of what surrounds it', () => {
  test.each([
    ["a = 'http://wiki.corp:8080/x'", "a = 'https://wiki.apps.example.com/x'"],
    [`a = \`http://wiki.corp:8080/$\{x}\``, `a = \`https://wiki.apps.example.com/$\{x}\``],
    ['{"a":"http:\\/\\/wiki.corp:8080\\/x"}', '{"a":"https:\\/\\/wiki.apps.example.com\\/x"}'],
    ['{"a":"http:\\u002F\\u002Fwiki.corp:8080\\u002fx"}', '{"a":"https:\\u002F\\u002Fwiki.apps.example.com\\u002fx"}'],
    ["a = 'http\\x3A\\x2F\\x2Fwiki.corp\\x3A8080\\x2Fx'", "a = 'https\\x3A\\x2F\\x2Fwiki.apps.example.com\\x2Fx'"],
    ['a = "{\\"b\\":\\"http:\\\\/\\\\/wiki.corp:8080\\\\/x\\"}"', 'a = "{\\"b\\":\\"https:\\\\/\\\\/wiki.apps.example.com\\\\/x\\"}"'],
    ['a = "see\\nhttp://wiki.corp:8080/x."', 'a = "see\\nhttps://wiki.apps.example.com/x."'],
    ['html = \'<a href="//wiki.corp:8080/x">\'', 'html = \'<a href="//wiki.apps.example.com/x">\''],
    ["base = 'http://intra.corp/hr' + '/x'", "base = 'https://hr.apps.example.com/people' + '/x'"],
    // Slashes of two spellings: the one after the address is not the address's, and may be what ends a regular expression.
    ["socket = 'ws://wiki.corp:8080\\/live'", "socket = 'wss://wiki.apps.example.com\\/live'"],
    ['r = /http:\\/\\/wiki.corp:8080/.test(a)', 'r = /https:\\/\\/wiki.apps.example.com/.test(a)'],
    ['a.match(/http:\\/\\/intra.corp\\/hr/)', 'a.match(/https:\\/\\/hr.apps.example.com\\/people/)'],
    ['a.match(/http:\\/\\/plots.corp/g)', 'a.match(/https:\\/\\/plots.apps.example.com/g)'],
    ["socket = 'ws://wiki.corp:8080/live'", "socket = 'wss://wiki.apps.example.com/live'"],
    ["a = 'http://legacy/app'", "a = 'https://legacy.apps.example.com'"],
    ["a = 'http://wiki.corp:8080'", "a = 'https://wiki.apps.example.com'"],
    ['data: {"url":"http://wiki.corp:8080/x"}\n\n', 'data: {"url":"https://wiki.apps.example.com/x"}\n\n'],
  ])('%s', async (text, expected) => {
    expect(await script(text)).toBe(expected);
  });
});

test.each([
  `a = \`http://wiki.corp:8080$\{suffix}/x\``,
  "a = 'http://wiki.corp:' + port",
  "a = 'http://wiki.corp:8080%s'",
  "xpath = '//legacy/app'",
  'x = 1 // legacy/app/',
  "a = 'news://wiki.corp:8080/'",
  "a = 'wiki.corp:8080'",
  "a = 'http://user@wiki.corp:8080/'",
  "a = 'http%3A%2F%2Fwiki.corp:8080%2F'",
  "a = 'http://wiki.corp\\u002eevil.example/'",
])('stays: %s', async (text) => {
  expect(await script(text)).toBe(text);
});

describe('a program', () => {
  /** Where a tokenizer that mistakes a division for a regular expression loses its way. */
  const tricky = fc.constantFrom(
    'a = b / c / d;',
    'x = /[/"\'`]/g.test("y");',
    'if (a) /"/.exec(b);',
    `let t = \`a$\{\`b$\{c /* \` */}\`}\`;`,
    '// "\n',
    "/* ' */",
    "s = 'it\\'s';",
    'a++ / b;',
    '<!-- html comment\n',
    'label: for (;;) break label;',
    '"\\\n"',
  );
  const address = fc.constantFrom(
    'http://wiki.corp:8080/x',
    'http:\\/\\/wiki.corp:8080\\/y',
    'https://intra.corp/hr/z',
    '"//wiki.corp:8080/"',
    'ws://wiki.corp:8080',
    '/http:\\/\\/intra.corp/g',
  );
  const program = fc
    .array(fc.oneof(tricky, address, fc.string({ maxLength: 6 })), { maxLength: 30 })
    .map((parts) => Buffer.from(parts.join('')));

  test('without an internal address is not changed at all', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(fc.nat(500)), async (text, places) => {
        const nothing = targetsFor({ publishedAt: async () => [] });

        const out = Buffer.concat(await translateParts(cutAt(text, places), { kind: 'script', targets: nothing }));

        expect(out.equals(text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is the same wherever it is cut; only the characters of addresses differ, and each is put in by the same kind', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(fc.nat(1000)), async (text, places) => {
        const whole = await translateText(text.toString(), { kind: 'script' });

        const out = Buffer.concat(await translateParts(cutAt(text, places), { kind: 'script' })).toString();

        expect(out).toBe(whole);
        // With every address taken out, nothing is left that differs: quotes, backslashes, braces, everything is where it was.
        const rest = (program: string) =>
          program.replaceAll(
            /(?:https?|wss?)?:?(?:\\?\/){2}(?:wiki|intra|hr)\.(?:corp|apps\.example\.com)(?::8080)?(?:\\?\/(?:hr|people)(?![\w]))?/g,
            '@',
          );
        expect(rest(out)).toBe(rest(text.toString()));
      }),
      { numRuns: 1000 },
    );
  });

  test('that still parses, parses afterwards', async () => {
    const text = `const a = 'http://wiki.corp:8080/a', r = /http:\\/\\/wiki.corp:8080\\//, t = \`http://intra.corp/hr/\${1 / 2}\`; // http://legacy/app/\nreturn r.test(a) && t;`;

    const out = await script(text);

    expect(new Function(out)()).toBe('https://hr.apps.example.com/people/0.5');
  });
});

test('what ends outside of an address leaves at once; an address that is cut waits for its rest only', async () => {
  const parts = ['data: 1\n\n', 'data: "http://wi', 'ki.corp:8080/x"\n\n', 'data: 2\n\n'].map((part) => Buffer.from(part));

  const out = await translateParts(parts, { kind: 'script' });

  expect(out.map(String)).toEqual(['data: 1\n\n', 'data: "', 'https://wiki.apps.example.com/x"\n\n', 'data: 2\n\n']);
});

test('a run without an end is not held for longer than an address may be', async () => {
  const parts = Array.from({ length: 50 }, () => Buffer.from(`http://${'x'.repeat(100)}`));

  const out = await translateParts(parts, { kind: 'script' });

  const behind = parts.map((_, index) => (index + 1) * 107 - out.slice(0, index + 1).reduce((sum, part) => sum + part.length, 0));
  expect(Math.max(...behind)).toBeLessThanOrEqual(ADDRESS_MAX + 107);
  expect(Buffer.concat(out).equals(Buffer.concat(parts))).toBe(true);
});

test.each([1, 7, 10_000])('without data, only strings that are an address are translated, wherever they are cut (%d)', async (size) => {
  const [inside, outside] = ['http://wiki.corp:8080/api/', 'https://wiki.apps.example.com/api/'];
  const settings = (at: string): string =>
    `f("${at}",'${at}x?a=1&b=2',\`${at}$\{id}\`);g({"a":"${at.replaceAll('/', '\\/')}"});h=['${at}'];\n`;
  const written = `f("see ${inside}","<a href='${inside}'>",{"t":"<p style=\\"x:url('${inside}')\\"><a href=\\"${inside}\\">"});\n// ${inside}\n`;
  const page = (at: string): Buffer => Buffer.from(`<script>${written}${settings(at)}${written}</script>`);
  const bytes = page(inside);
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));

  expect(Buffer.concat(await translateParts(parts, { data: false })).toString()).toBe(page(outside).toString());
});
