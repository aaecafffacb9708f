import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BELOW, cutAt, newReport, OWN, targetsFor, translateParts, translateText } from './testing/translated.ts';

const WIKI = 'https://wiki.apps.example.com';

/** Entra's list: element, attribute. */
const ENTRA: ReadonlyArray<readonly [string, string]> = Object.entries({
  a: 'href',
  audio: 'src',
  base: 'href',
  button: 'formaction',
  div: 'data-background style data-src',
  embed: 'src',
  form: 'action',
  frame: 'src',
  head: 'profile',
  html: 'manifest',
  iframe: 'longdesc src',
  img: 'longdesc src',
  input: 'formaction src',
  link: 'href',
  menuitem: 'icon',
  meta: 'content',
  object: 'archive data codebase',
  script: 'src',
  source: 'src',
  track: 'src',
  video: 'src poster',
}).flatMap(([tag, attributes]) => attributes.split(' ').map((attribute) => [tag, attribute] as const));

describe('attributes', () => {
  test.each(ENTRA)('%s[%s], as Entra has it', async (tag, attribute) => {
    const value = (url: string) => (attribute === 'style' ? `background: url(${url})` : url);

    const translated = await translateText(`<${tag} id=x ${attribute}="${value('http://wiki.corp:8080/a?b=1&amp;c#d')}">`, {
      scripts: false,
    });

    expect(translated).toBe(`<${tag} id=x ${attribute}="${value(`${WIKI}/a?b=1&amp;c#d`)}">`);
  });

  test.each([
    [
      '<img srcset="http://wiki.corp:8080/a.png 1x, //wiki.corp:8080/b.png 2x,c.png 3x">',
      `<img srcset="${WIKI}/a.png 1x, //wiki.apps.example.com/b.png 2x,c.png 3x">`,
    ],
    ['<link imagesrcset="http://wiki.corp:8080/a 100w">', `<link imagesrcset="${WIKI}/a 100w">`],
    ['<a ping="http://wiki.corp:8080/p http://other.example/p">', `<a ping="${WIKI}/p http://other.example/p">`],
    ['<object archive="http://wiki.corp:8080/a.jar, http://wiki.corp:8080/b.jar">', `<object archive="${WIKI}/a.jar, ${WIKI}/b.jar">`],
    [
      '<svg><use xlink:href="http://wiki.corp:8080/s.svg#i"/><image href=http://wiki.corp:8080/i.png></svg>',
      `<svg><use xlink:href="${WIKI}/s.svg#i"/><image href=${WIKI}/i.png></svg>`,
    ],
    ['<META HTTP-EQUIV=refresh CONTENT="0; URL=http://wiki.corp:8080/">', `<META HTTP-EQUIV=refresh CONTENT="0; URL=${WIKI}/">`],
    [`<p style="background:url(&quot;http://wiki.corp:8080/a.png&quot;)">`, `<p style="background:url(&quot;${WIKI}/a.png&quot;)">`],
    [`<a href='http&#58;&#x2F;&#x2F;wiki.corp&#x3A;8080&#x2F;a'>`, `<a href='https&#58;&#x2F;&#x2F;wiki.apps.example.com&#x2F;a'>`],
    ['<a href=" \n http://wiki.corp:8080/a">', `<a href=" \n ${WIKI}/a">`],
    ['<a HREF=HTTP://Wiki.Corp.:8080/A>', `<a HREF=${WIKI}/A>`],
    ['<iframe srcdoc="&lt;a href=&quot;http://wiki.corp:8080/&quot;&gt;">', `<iframe srcdoc="&lt;a href=&quot;${WIKI}/&quot;&gt;">`],
    ['<input type=submit value="http://wiki.corp:8080/">', `<input type=submit value="${WIKI}/">`],
  ])('%s', async (html, expected) => {
    expect(await translateText(html, { scripts: false })).toBe(expected);
  });

  test.each([
    'text http://wiki.corp:8080/ between tags',
    '<!-- http://wiki.corp:8080/ --><p title="http://wiki.corp:8080/">',
    '<a href="http://wiki.corp:8081/">another port</a>',
    '<a href="http://wiki.corp:8080@evil.example/">a user name</a><a href="http://user@wiki.corp:8080/">',
    '<a href="http://wiki.corp:8080.evil.example/">a longer name</a><a href="http://wiki.corp:80801/">',
    '<a href="https://idp.example/?to=http://wiki.corp:8080/">what goes to others stays</a>',
    '<a href="mailto:a@wiki.corp"><a href="ftp://wiki.corp:8080/">',
    '<a href="http://legacy/other/">not below what is published</a><a href="http://legacy/apple">',
    '<textarea>"http://wiki.corp:8080/"</textarea><title>http://wiki.corp:8080/</title>',
    '<input name=site value="http://wiki.corp:8080/"><input type=hidden value="http://wiki.corp:8080/">',
    '<script src="//cdn.example/x.js" integrity="sha384-x"></script>',
  ])('stays: %s', async (html) => {
    expect(await translateText(html)).toBe(html);
  });

  test('the longest internal path wins, the rest of it moves along', async () => {
    const html =
      '<a href="http://intra.corp/hr/x"><a href="https://intra.corp/hr"><a href="//intra.corp/hrx"><a href="http://legacy/app/y">';

    expect(await translateText(html)).toBe(
      '<a href="https://hr.apps.example.com/people/x"><a href="https://hr.apps.example.com/people"><a href="//intra.apps.example.com/hrx">' +
        '<a href="https://legacy.apps.example.com/y">',
    );
  });

  test('where the application is published below another path than its own, paths are moved too', async () => {
    const html =
      '<a href="/int/x"><a href=/int><img srcset="/int/a 1x, /int/b 2x"><a href="/other"><p style="x:url(/int/c)"><meta content="1;url=/int/d">';

    expect(await translateText(html, { targets: targetsFor({ own: [BELOW] }) })).toBe(
      '<a href="/ext/x"><a href=/ext><img srcset="/ext/a 1x, /ext/b 2x"><a href="/other"><p style="x:url(/ext/c)"><meta content="1;url=/ext/d">',
    );
    expect(await translateText(html, { targets: targetsFor({ own: [OWN] }) })).toBe(html);
  });
});

describe('scripts and style sheets within the page', () => {
  const html = [
    '<style>@import "http://wiki.corp:8080/a.css"; /* http://wiki.corp:8080/ */ p{background:url(http://wiki.corp:8080/b)}</style>',
    `<script>x = 'http://wiki.corp:8080/c'; if (a </script>`,
    '<script type=importmap>{"imports":{"x":"http:\\/\\/wiki.corp:8080\\/x.js"}}</script>',
    `<a onclick="location='http://wiki.corp:8080/d'" href="javascript:go('http://wiki.corp:8080/e')" data-url="http://wiki.corp:8080/f">`,
  ].join('\n');

  test('styles always, scripts by their own setting', async () => {
    const styled = html
      .replace('"http://wiki.corp:8080/a.css"', `"${WIKI}/a.css"`)
      .replace('url(http://wiki.corp:8080/b)', `url(${WIKI}/b)`);

    expect(await translateText(html, { scripts: false })).toBe(styled);
    expect(await translateText(html)).toBe(
      styled
        .replaceAll(/http:\/\/wiki.corp:8080\/(?=[cdef])/g, `${WIKI}/`)
        .replace('http:\\/\\/wiki.corp:8080\\/', 'https:\\/\\/wiki.apps.example.com\\/'),
    );
  });

  test('what the policy names the digest of stays as it is', async () => {
    const csp = `<meta http-equiv="Content-Security-Policy" content="script-src 'sha256-abc'; style-src 'sha256-def'">`;

    const written = csp.replaceAll("'", '&#39;').replace('-Security', '&#45;Security');

    for (const policy of [csp, written])
      expect(await translateText(policy + html)).toBe(policy + html.replace('data-url="http://wiki.corp:8080/f', `data-url="${WIKI}/f`));
    expect(await translateText('<style>p{x:url(http://wiki.corp:8080/)}</style>', { hashed: { scripts: false, styles: true } })).toContain(
      'wiki.corp',
    );
  });

  test('links to external addresses in a scheme that leads nowhere are mended, in scripts too', async () => {
    const page = (scheme: string, port: string) =>
      `<a href="${scheme}://wiki.apps.example.com${port}/x"><script>f("${scheme}:\\/\\/wiki.apps.example.com${port}\\/x", "${scheme.replace('http', 'ws')}://wiki.apps.example.com${port}/s")</script>`;

    expect(await translateText(page('http', ':80'))).toBe(page('https', ''));
    expect(await translateText(page('https', ''))).toBe(page('https', ''));
  });

  test('a manifest is asked for with the user’s session, where it is one of ours and nothing else is said', async () => {
    const credentials = ' crossorigin=use-credentials ';
    const link = (before: string, rest: string) => `<link${before}${rest}>`;

    for (const rest of [' rel=manifest href=/m.json', '\n rel="icon MANIFEST" href="m.json"/', '/rel="manifest"/href="m"'])
      expect(await translateText(link('', rest))).toBe(link(credentials, rest));
    expect(await translateText(link('', ' rel=manifest href=http://wiki.corp:8080/m.json'))).toBe(
      link(credentials, ` rel=manifest href=${WIKI}/m.json`),
    );
    expect(await translateText('<link rel="manifest" href="/m"/>', { kind: 'xml' })).toBe(
      '<link crossorigin="use-credentials"  rel="manifest" href="/m"/>',
    );
    for (const other of [
      ' rel=manifest crossorigin href=/m.json',
      ' rel=manifest href=https://cdn.example/m.json',
      ' rel=manifest',
      ' rel=manifests href=/m.json',
      ' rel=stylesheet href=/m.css',
    ])
      expect(await translateText(link('', other))).toBe(link('', other));
    expect(await translateText(link('', ' rel=manifest href=/m.json'), { report: newReport() })).not.toContain('crossorigin');
  });

  test('digests of what we may change are no longer told, those of foreign servers stay', async () => {
    const tags =
      '<script src="/a.js" integrity="sha384-x" defer></script><link rel=stylesheet integrity=sha384-y href="http://wiki.corp:8080/b.css">' +
      '<script integrity="sha384-z" src="https://cdn.example/c.js"></script>';

    expect(await translateText(tags)).toBe(
      `<script src="/a.js" data-integrity="sha384-x" defer></script><link rel=stylesheet data-integrity=sha384-y href="${WIKI}/b.css"><script integrity="sha384-z" src="https://cdn.example/c.js"></script>`,
    );
    expect(await translateText('<script src="/a.js" integrity="sha384-x">', { scripts: false })).toContain('integrity="sha384-x"');
  });
});

describe('whatever comes in', () => {
  const fragments = fc.constantFrom(
    '<a href="http://wiki.corp:8080/x">',
    "<p style='background:url(http://wiki.corp:8080/y)'>",
    '<style>p{x:url("http://wiki.corp:8080/z")}',
    '</style>',
    '<script>var a="http:\\/\\/wiki.corp:8080\\/q";',
    '</script>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<svg>',
    '<img srcset="//wiki.corp:8080/a 1x',
    '"',
    "'",
    '>',
    '<',
    '</',
    '=',
    ' ',
    '&',
    'http://wiki.corp:8080/',
    '<meta charset=utf-8>',
    '<script src=/x integrity=y>',
    '\u{1f600}',
    '<textarea>',
    '<title>',
    'http:/',
    '&#x2F;',
    '<input value=http://wiki.corp:8080/ type=submit>',
  );
  const soup = fc.array(fc.oneof(fragments, fc.string({ maxLength: 8 })), { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')));
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));

  test('with nothing to translate in it, equal bytes come out', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, soup), fc.array(fc.nat(500)), async (page, places) => {
        const nothing = targetsFor({ publishedAt: async () => [] });

        const out = Buffer.concat(await translateParts(cutAt(page, places), { targets: nothing, scripts: false }));

        expect(out.equals(page)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('it does not matter where its parts are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, soup), fc.array(fc.nat(2000)), async (page, places) => {
        const whole = Buffer.concat(await translateParts([page]));

        const out = Buffer.concat(await translateParts(cutAt(page, places)));

        expect(out.toString('latin1')).toBe(whole.toString('latin1'));
      }),
      { numRuns: 1000 },
    );
  });
});
