// Our scripts in applications' pages, in Chromium: the page is the same but for them, they run first, and nothing runs that did not.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { compared, type TestPage } from '../support/injected-pages.ts';

const HIT = '<img src=x onerror="window.ran = 1"><script>window.ran = 1</script>';

const html = (body: string): TestPage => ({ body: Buffer.from(body), type: 'text/html; charset=utf-8' });

const HTML: Readonly<Record<string, string>> = {
  'a value with `>` on html': `<html data-q="a>${HIT.replaceAll('"', "'")}"><head><title>a</title>`,
  'a value with `>` on head': `<!doctype html><html lang=en>\n<head data-q='a>${HIT.replaceAll("'", '"')}' class=x>\n<title>a</title>`,
  'quotes that open nothing': `<html a"=b c=d'e f='>${HIT}' =">" x><head><title>a</title>`,
  'a reference in a value': '<html data-q="&quot;>" b=&gt;><head id=h><title>a</title>',
  'comments of every end': `<!-- > --><!--> --><!----!><!doctype html><!-- <head>${HIT} --><html><!--x--!><head><title>a</title>`,
  'a comment longer than a part': `<!doctype html><!-- ${'<head>'.repeat(8_000)} --><html lang=en><head class=x><title>a</title>`,
  'what looks like a comment': `<!doctype html><? > ?><!x "<head>"><title>a</title>`,
  'a section, which ends with `>`': `<!doctype html><![CDATA[ <head> ]]><head id=h><title>a</title>${'<p>]]></p>'}`,
  'a document type with `>` in its identifier': '<!DOCTYPE html PUBLIC "a>b"><html><head><title>a</title>',
  'a title with a head in it': '<!doctype html><html><title><head></title><p>a</p>',
  'noscript first': `<!doctype html><html><noscript><head></noscript><p>a</p>`,
  'a template first': '<!doctype html><template><head><title>a</title></head></template><p>a</p>',
  'a textarea first': `<!doctype html><textarea><head>${HIT}</textarea>`,
  'no head': '<!doctype html>\n<html lang=en>\n<p>a</p>',
  'a body alone': '<body class=x>\n<p>a</p>',
  'text alone': '\n  text <head id=h>',
  'blanks that are written out': '&#32;&Tab;\n&NewLine;<!-- a --><html><head id=h><title>a</title>',
  'two heads': '<!doctype html><head id=one><title>a</title></head><head id=two><base href="/x/"></head>',
  'two roots': '<!doctype html><html lang=en><html class=x><head id=h><title>a</title>',
  'end tags first': '<!doctype html></p></div><html></title><head id=h><title>a</title>',
  'the end of a head first': '<!doctype html>\n</head>\n<p>a</p>',
  frames: '<!doctype html><html><frameset cols="*"><frame src="about:blank"></frameset></html>',
  'names that begin as ours do': '<!doctype html><header><html></header><htmlx><headx>',
  'names in capitals, with strokes': '<!DOCTYPE HTML><HTML/LANG=en/><HEAD/ID=h/><TITLE>a</TITLE>',
  'a base and a policy': `<head><base href="https://else.example/"><meta http-equiv=content-security-policy content="script-src 'none'">${HIT}`,
  'a mark of its byte order in its midst': '\ufeff\ufeff<html lang=en><head id=h>',
  zeros: '\0<!doctype html><html lang=en>\0<head id=h>',
  'nothing but a document type': '<!doctype html>',
};

const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const XML: Readonly<Record<string, string>> = {
  plain: `<?xml version="1.0"?>\n<html ${XHTML} lang="en">\n<head id="h">\n<title>a</title></head><body/></html>`,
  'with declarations of its own': `<!DOCTYPE html [ <!-- ]> --> <?x ]> ?> <!ENTITY a "]>'"> <!ENTITY unused "<head>"> <!ENTITY b '<p>"b"</p>'> ]>\n<html ${XHTML}><head><title>&a;</title></head><body>&b;</body></html>`,
  'with a prefix': `<h:html xmlns:h="http://www.w3.org/1999/xhtml"><!-- <head> --><?x <head> ?><h:head><h:title>a</h:title></h:head><h:body/></h:html>`,
  'with an empty head': `<html ${XHTML} title="a>b"><head/><body><p>a</p></body></html>`,
  'without a head': `<html ${XHTML}><body><p>a</p></body></html>`,
  'with a section first': `<html ${XHTML}><![CDATA[<head>]]><body/></html>`,
  'with an entity first': `<!DOCTYPE html [<!ENTITY h "text">]><html ${XHTML}>&h;<body/></html>`,
  'with values that hold `>`': `<html ${XHTML} title='">&lt;head>'><head title="'>&lt;script>"><title>a</title></head><body/></html>`,
  'that is no page': '<svg xmlns="http://www.w3.org/2000/svg"><title>a</title></svg>',
};

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const PAGE = `<!doctype html><!-- ü> --><html lang="ü>">\n<head id=h>\n<title>ä €</title></head><p>ö</p>`;
const XPAGE = `<html ${XHTML} title="ü>"><head><title>ä €</title></head><body/></html>`;
const CHARSETS: Readonly<Record<string, TestPage>> = {
  'UTF-8 by its mark': { body: Buffer.from(`\ufeff${PAGE}`), type: 'text/html' },
  'UTF-8 by its mark, against the header': { body: Buffer.from(`\ufeff${PAGE}`), type: 'text/html; charset=utf-16' },
  'UTF-16 by its mark': { body: Buffer.from(`\ufeff${PAGE}`, 'utf16le'), type: 'text/html' },
  'UTF-16 the other way round, by its mark, against the header': { body: swapped(`\ufeff${PAGE}`), type: 'text/html; charset=utf-8' },
  'UTF-16 by the header': { body: Buffer.from(PAGE, 'utf16le'), type: 'text/html; charset=utf-16le' },
  'UTF-16 the other way round, by the header': { body: swapped(PAGE), type: 'text/html; charset=utf-16be' },
  'one byte for a character': { body: Buffer.from(PAGE.replace('€', ''), 'latin1'), type: 'text/html; charset=iso-8859-1' },
  'one that the page names': { body: Buffer.from(`<meta charset=windows-1252>${PAGE}`, 'latin1'), type: 'text/html' },
  'one that nobody knows': { body: Buffer.from(`<!doctype html><html><meta charset=utf-8>ö`), type: 'text/html; charset=x-nobody' },
  'XHTML in UTF-16': { body: Buffer.from(`\ufeff${XPAGE}`, 'utf16le'), type: 'application/xhtml+xml' },
  'XHTML in UTF-16, by its declaration': {
    body: swapped(`<?xml version="1.0" encoding="utf-16"?>${XPAGE}`),
    type: 'application/xhtml+xml; charset=utf-16be',
  },
  'XHTML in Latin-1, by its declaration': {
    body: Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${XPAGE.replace('€', '')}`, 'latin1'),
    type: 'application/xhtml+xml',
  },
};

describe('a page with a script of ours is the same page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  const checked = async (pages: Readonly<Record<string, TestPage>>): Promise<void> => {
    const results = await compared(browser, Object.values(pages));
    const named = Object.keys(pages).map((name, index) => [name, results[index]!] as const);

    expect(named.map(([name, [, { ours, tree }]]) => ({ name, ours, tree }))).toEqual(
      named.map(([name, [{ tree }]]) => ({ name, ours: 1, tree })),
    );
  };

  test('whatever stands before its head', () =>
    checked(Object.fromEntries(Object.entries(HTML).map(([name, body]) => [name, html(body)]))));

  test('where it is XML', async () => {
    const pages = Object.entries(XML).map(([name, body]) => [name, { body: Buffer.from(body), type: 'application/xhtml+xml' }] as const);
    const direct = (
      await compared(
        browser,
        pages.map(([, page]) => page),
      )
    ).map(([{ tree }]) => tree);

    expect(direct.filter((tree) => tree.includes('parsererror'))).toEqual([]);
    await checked(Object.fromEntries(pages));
  });

  test('in whatever charset', () => checked(CHARSETS));

  test('and one where two bytes may hide a `>` stays as it came', async () => {
    const hidden = `<!-- \x1b$B!!-->\x1b(B --><head><title>a</title>${HIT}`;
    const pages = [
      { body: Buffer.from(hidden, 'latin1'), type: 'text/html; charset=iso-2022-jp' },
      { body: Buffer.from(`${hidden}<meta charset=iso-2022-jp>`, 'latin1'), type: 'text/html' },
    ];

    for (const [direct, ours] of await compared(browser, pages)) expect(ours).toEqual({ ...direct, ours: 0 });
  });
});
