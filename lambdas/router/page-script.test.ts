// Our script in an application's pages: in which, where in them, and what their policy is given for it.
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import { nonceOf, withScriptSources } from './page-policy.ts';
import { takesUploadScript, withScripts } from './page-script.ts';
import { createPageStart, START_MAX } from './page-start.ts';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

/** Newer runtimes have Zstandard. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
const TAG = '<script src="/s.js"></script>';
const scripted = async (html: string, size = html.length): Promise<string> => {
  const bytes = Buffer.from(html);
  const parts = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const out: Buffer[] = [];
  for await (const part of withScripts(parts(), { paths: ['/s.js'], nonce: null, page: { kind: 'html', charset: null } })) out.push(part);
  return Buffer.concat(out).toString();
};

describe('the script stands first in the head', () => {
  test.each<[string, string]>([
    ['<!doctype html><html lang="en"><head><title>a</title>', `<!doctype html><html lang="en"><head>${TAG}<title>a</title>`],
    ['<!-- <head> --><!DOCTYPE html>\n<head data-a="b">\n<script>', `<!-- <head> --><!DOCTYPE html>\n<head data-a="b">${TAG}\n<script>`],
    ['<header>no head</header>', `${TAG}<header>no head</header>`],
    ['<!doctype html><p>no head', `<!doctype html>${TAG}<p>no head`],
    ['text', `${TAG}text`],
    ['\ufeff<html><body>ä', `\ufeff<html>${TAG}<body>ä`],
  ])('of %s, in one part or byte by byte', async (html, expected) => {
    expect(await scripted(html)).toBe(expected);
    expect(await scripted(html, 1)).toBe(expected);
  });

  // What browsers make of all this: test/e2e/injected-pages.test.ts.
  test('and nowhere where none begins: in a comment or a tag that does not end, or after more than is waited for', async () => {
    for (const page of [
      '<!-- <head>',
      '<html a="<head>',
      '<head a=',
      '<html /',
      '<head a /',
      '<x',
      '<html><x',
      '<!doctype html',
      `<!--${' '.repeat(START_MAX)}--><head>`,
    ]) {
      expect((await scripted(page)) === page).toBe(true);
      expect((await scripted(page, 1000)) === page).toBe(true);
    }
  });

  test('and of a long start all that may still matter is held, and no more', async () => {
    const start = `<!--${'x'.repeat(START_MAX / 2)}--><html a="`;
    let sent = 0;
    const parts = async function* () {
      for (; sent < 1_000; sent += 1) yield Buffer.from(sent === 0 ? start : 'x'.repeat(1_000));
    };
    const out = withScripts(parts(), { paths: ['/s.js'], nonce: null, page: { kind: 'html', charset: null } });
    await out.next();

    expect(sent).toBeLessThanOrEqual(START_MAX / 2_000 + 1);
    await out.return(undefined);
  });

  test('its place is found in time that grows with the page alone', async () => {
    const steps = (page: string): number => {
      const start = createPageStart(false);
      const before = process.cpuUsage().user;
      for (let at = 0; at < page.length; at += 512) start.push(page.slice(at, at + 512));
      start.end();
      return process.cpuUsage().user - before;
    };
    const plain = `<!--${' '.repeat(START_MAX - 10)}-->`;
    steps(plain);
    const control = Math.max(...[1, 2, 3].map(() => steps(plain)), 2_000);

    for (const odd of [
      '<',
      '</',
      '<!',
      '<!-',
      '<?',
      '&',
      '&#',
      '</p>',
      '<html>',
      '<html a',
      "<html a='",
      ' ',
      '<!-- -->',
      '<![',
      ']]>',
      '\0',
    ])
      expect(steps(odd.repeat(START_MAX / odd.length))).toBeLessThan(50 * control);
  });

  test('and nowhere where XHTML has a second type of its document, of however many', () => {
    const type = '<!DOCTYPE html [<!ENTITY a "]>">]>';
    const place = (count: number) => createPageStart(true).push(`${type.repeat(count)}<html><head>`);

    expect(place(1)).toBe(`${type}<html><head>`.length);
    expect(place(2)).toBe(null);
    expect(place(1_500)).toBe(null);
  });

  test('an answer without a body stays one', async () => {
    expect(await scripted('')).toBe('');
  });
});

describe('a page gets it', () => {
  const HTML: HeaderList = [['Content-Type', 'text/html; charset=utf-8']];
  const takes = (headers: HeaderList, { status = 200, method = 'GET', dest = 'document', bigUploads = 'on' as 'on' | 'off' } = {}) =>
    takesUploadScript({ bigUploads }, { method, headers: [['Sec-Fetch-Dest', dest]] }, { status, headers });

  test('that is shown, in a frame too, after a form or with an error', () => {
    expect([takes(HTML), takes(HTML, { dest: 'iframe' }), takes(HTML, { method: 'POST' }), takes(HTML, { status: 404 })]).toEqual([
      ...[true, true, true, true],
    ]);
  });

  test('in whatever charset, and where it is XHTML', () => {
    expect(takes([['Content-Type', 'text/html; charset=utf-16']])).toBe(true);
    expect(takes([['Content-Type', 'application/xhtml+xml; charset=utf-8']])).toBe(true);
    expect(
      takesUploadScript(
        { bigUploads: 'on' },
        { method: 'GET', headers: [['Accept', 'application/xhtml+xml']] },
        { status: 200, headers: HTML },
      ),
    ).toBe(true);
  });

  test('and no other answer does', () => {
    expect(takes([['Content-Type', 'text/htmlx']])).toBe(false);
    expect(takes(HTML, { bigUploads: 'off' })).toBe(false);
    expect(takes(HTML, { dest: 'empty' })).toBe(false);
    expect(takes(HTML, { method: 'HEAD' })).toBe(false);
    expect(takes(HTML, { status: 206 })).toBe(false);
    expect(takes([...HTML, ['Content-Disposition', 'attachment; filename="a.html"']])).toBe(false);
    expect(takes([['Content-Type', 'application/json']])).toBe(false);
  });

  const SCRIPT = '<script src="/.sallyport/upload.js"></script>';
  const PAGE = '<html><head><title>a</title>';
  const answerOf = async (body: Buffer, headers: HeaderList) => {
    const rig = createRig();
    rig.applications[0] = application({ bigUploads: 'on' });
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      const all: HeaderList = [...headers, ['Content-Length', String(body.length)], ['ETag', '"a"']];
      if (frame.type === 'request') reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: all, end: true }, body);
    });
    const asked = { Cookie: [rig.signIn()], 'Sec-Fetch-Dest': ['document'], 'Accept-Encoding': ['gzip, deflate, br, zstd, dcb'] };
    return { rig, answer: await rig.answer({ headers: asked }) };
  };

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(PAGE)],
    ['deflate', deflateSync(PAGE)],
    ['deflate', deflateRawSync(PAGE)],
    ['br', brotliCompressSync(PAGE)],
    ['deflate, gzip', gzipSync(deflateSync(PAGE))],
    ...(zstdCompressSync ? [['zstd', zstdCompressSync(Buffer.from(PAGE))] as [string, Buffer]] : []),
  ])('whatever its coding (%s): it is packed again, and says nothing of bytes that it no longer has', async (coding, body) => {
    const { answer } = await answerOf(body, [...HTML, ['Content-Encoding', coding]]);

    expect(gunzipSync(answer.body()).toString()).toBe(PAGE.replace('<title>', `${SCRIPT}<title>`));
    expect([answer.header('Content-Length'), answer.header('ETag'), answer.header('Content-Encoding')]).toEqual([null, 'W/"a"', 'gzip']);
  });

  test.each(['none', 'utf-8', 'identity', 'UTF8', 'ISO-8859-1', 'binary', '"none"', ''])(
    'and where what is named is no coding: %s',
    async (coding) => {
      const { answer } = await answerOf(Buffer.from(PAGE), [...HTML, ['Content-Encoding', coding]]);

      expect(answer.body().toString()).toBe(PAGE.replace('<title>', `${SCRIPT}<title>`));
    },
  );

  test('what cannot be read is not asked for, and passes as it is where it comes all the same', async () => {
    const { rig, answer } = await answerOf(Buffer.from('packed'), [...HTML, ['Content-Encoding', 'dcb']]);
    const asked = rig.requests()[0]!.headers.find(([name]) => name === 'Accept-Encoding')![1];

    expect(asked).toBe(`gzip, deflate, br${zstdCompressSync ? ', zstd' : ''}`);
    expect([answer.body().toString(), answer.header('Content-Encoding')]).toEqual(['packed', 'dcb']);
  });

  test('and with it a manifest’s link what has the manifest asked for with the user’s session', async () => {
    const page =
      '<html><head><link rel=manifest href=/m.json></head><body><a href="http://wiki.internal:8080/"><link rel=manifest href=/m.json>';
    const { answer } = await answerOf(Buffer.from(page), HTML);

    expect(answer.body().toString()).toBe(page.replace('<link', `${SCRIPT}<link crossorigin=use-credentials `));
  });

  test('where it is XHTML, in its namespace', async () => {
    const page = '<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>a</h:title></h:head></h:html>';
    const { answer } = await answerOf(Buffer.from(page), [['Content-Type', 'application/xhtml+xml']]);

    const script = SCRIPT.replace('.js"', '.js" xmlns="http://www.w3.org/1999/xhtml"');
    expect(answer.body().toString()).toBe(page.replace('<h:title>', `${script}<h:title>`));
  });
});

describe('a policy is given what the script needs, and nothing that it allows already', () => {
  const SCRIPT = 'https://wiki.apps.example.com/.sallyport/upload.js';
  const OWN = 'https://wiki.apps.example.com/.sallyport/';
  const after = (policy: string): string => withScriptSources([['Content-Security-Policy', policy]], SCRIPT, 'forms')[0]![1];

  test.each<[string, string]>([
    ["default-src 'self'", "default-src 'self'"],
    ["script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'", "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"],
    ["default-src 'none'", `default-src 'none'; script-src ${SCRIPT}; connect-src 'self'`],
    ["default-src 'none'; form-action 'none'", `default-src 'none'; form-action 'none'; script-src ${SCRIPT}; connect-src ${OWN}`],
    ["connect-src 'none'; form-action 'self' https://pay.example", "form-action 'self' https://pay.example; connect-src 'self'"],
    [
      "connect-src 'none'; form-action https://wiki.apps.example.com/up/ https://wiki.apps.example.com:8443 https://other.apps.example.com",
      `form-action https://wiki.apps.example.com/up/ https://wiki.apps.example.com:8443 https://other.apps.example.com; connect-src ${OWN} https://wiki.apps.example.com/up/`,
    ],
    [
      'script-src https://cdn.example; connect-src https://api.example',
      `script-src https://cdn.example ${SCRIPT}; connect-src https://api.example 'self'`,
    ],
    ["script-src 'sha256-abc' 'strict-dynamic'; connect-src *", `connect-src *; script-src 'sha256-abc' 'strict-dynamic' ${SCRIPT}`],
    ["img-src 'self'", "img-src 'self'"],
    ["default-src *, script-src 'none'", `default-src *,script-src ${SCRIPT}`],
  ])('%s', (policy, expected) => {
    expect(after(policy)).toBe(expected);
  });

  test('its nonce is that of the tag', () => {
    expect(nonceOf([['content-security-policy', "script-src 'nonce-r4nd0m+/='"]])).toBe('r4nd0m+/=');
    expect(nonceOf([['content-security-policy', "style-src 'nonce-a'; script-src 'nonce-b'; default-src 'nonce-c'"]])).toBe('b');
    expect(nonceOf([['X', "'nonce-r4nd0m'"]])).toBeNull();
  });
});
