import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { withScriptSources } from './page-policy.ts';
import { carrierOf, withSource } from './socket-script.ts';

const collect = async (parts: AsyncIterable<Buffer>): Promise<string> => {
  let text = '';
  for await (const part of parts) text += part.toString();
  return text;
};
async function* inParts(text: string, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

describe('a worker’s script', () => {
  test('has ours before it', async () => {
    expect(await collect(withSource(inParts('work()', 3), 'ours()'))).toBe('ours();\nwork()');
  });

  test.each([
    ["'use strict'; work()", true],
    ['/* © */ // all of them\n"use strict"\nwork()', true],
    ["work(); 'use strict';", false],
    [`${'/* a */'.repeat(5_000)} work()`, false],
  ])('stays strict, or not: %.40s', async (script, strict) => {
    const given = await collect(withSource(inParts(script, script.length), 'ours()'));

    expect(given).toBe(`${strict ? "'use strict';" : ''}ours();\n${script}`);
  });
});

describe('pages that get it', () => {
  type Kind = { readonly status: number; readonly headers: HeaderList };
  const ask = (dest: string, more: HeaderList = []) =>
    ({ method: 'GET', host: 'app', headers: [['Sec-Fetch-Dest', dest], ...more] }) as unknown as CanonicalRequest;
  const application = (pages: 'auto' | 'on' | 'off') => ({ webSockets: { pages, maxAgeMs: 1, idleMs: 1 } }) as unknown as Application;
  const page = { status: 200, headers: [['Content-Type', 'text/html']] as HeaderList };
  const script = { status: 200, headers: [['Content-Type', 'text/javascript']] as HeaderList };
  const sized = <Kind extends { readonly headers: HeaderList }>(kind: Kind, text: string): Kind => ({
    ...kind,
    headers: [...kind.headers, ['Content-Length', `${text.length}`]],
  });
  const packed = { ...page, headers: [...page.headers, ['Content-Encoding', 'gzip']] as HeaderList };
  const first = (text: string | Buffer) => async () => Buffer.from(text as string);

  test('are all, none, or those that may run scripts: which of them open WebSockets shows when it is too late', async () => {
    expect(await carrierOf(application('on'), ask('document'), page, first('<p></html>'))).toBe('page');
    expect(await carrierOf(application('off'), ask('document'), page, first('<script>new WebSocket()</script></html>'))).toBeNull();
    expect(await carrierOf(application('auto'), ask('document'), page, first('<html><p>Nothing here</html>'))).toBeNull();
    expect(await carrierOf(application('auto'), ask('iframe'), page, first('<script src="main.js"></script></html>'))).toBe('page');
  });

  test('are with `auto` also those that have not ended, which may name scripts yet', async () => {
    expect(await carrierOf(application('auto'), ask('document'), page, first('<html><p>One of many'))).toBe('page');
    expect(await carrierOf(application('auto'), ask('document'), sized(page, '<p>That is all'), first('<p>That is all'))).toBeNull();
    expect(await carrierOf(application('auto'), ask('document'), packed, first(gzipSync('<p>One of many</html>')))).toBeNull();
    expect(await carrierOf(application('auto'), ask('document'), packed, first(gzipSync('<script></script></html>')))).toBe('page');
  });

  test('are with `auto` those that run scripts in whatever way, and in whatever charset and coding', async () => {
    const utf16: Kind = { status: 200, headers: [['Content-Type', 'text/html; charset=utf-16']] };
    const xhtml: Kind = { status: 200, headers: [['Content-Type', 'application/xhtml+xml']] };
    const carrier = (kind: Kind, body: string | Buffer) =>
      carrierOf(
        application('auto'),
        ask('document'),
        { ...kind, headers: [...kind.headers, ['Content-Length', `${body.length}`]] },
        first(body),
      );
    const coded = (coding: string): Kind => ({ ...page, headers: [...page.headers, ['Content-Encoding', coding]] });

    for (const runs of [
      '<body onload="new WebSocket(u)">',
      '<a href=" java&#115;cript&colon;x()">',
      '<a href="java\nscript:x()">',
      '<iframe srcdoc="&lt;script>">',
      '<![CDATA[ > <script>x()</script> ]]>',
      '</p a="><!-- "><script>x()</script>',
      '<noscript><!-- </noscript><script>x()</script>',
      '<!-- </html> --><script>x()</script>',
      '<p></html><script>x()</script>',
    ])
      expect([runs, await carrier(page, runs)]).toEqual([runs, 'page']);
    for (const still of [
      '<!-- <script> -->',
      '<p title="<script>">',
      '<title><script></title>',
      '<script',
      '<p once>'.replace('once', 'data-on'),
    ])
      expect([still, await carrier(page, still)]).toEqual([still, null]);
    expect(await carrier(utf16, Buffer.from('<p><script>', 'utf16le'))).toBe('page');
    expect(await carrier(utf16, Buffer.from('<p>script', 'utf16le'))).toBeNull();
    expect(await carrier(xhtml, '<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:script/></h:html>')).toBe('page');
    expect(await carrier(xhtml, '<!DOCTYPE html [<!ENTITY s "<script/>">]><html>&s;</html>')).toBe('page');
    for (const [coding, pack] of [
      ['deflate', deflateSync],
      ['deflate', deflateRawSync],
      ['br', brotliCompressSync],
      ['none', Buffer.from],
      ['utf-8', Buffer.from],
    ] as const) {
      expect(await carrier(coded(coding), pack('<script>x()</script>'))).toBe('page');
      expect(await carrier(coded(coding), pack('<p>still</p>'))).toBeNull();
    }
    expect(await carrier(coded('compress'), '<script>')).toBeNull();
  });

  test('are looked at no further than is worth it, however much they were packed', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));

    expect(await carrierOf(application('auto'), ask('document'), sized(packed, bomb.toString('latin1')), first(bomb))).toBe('page');
  });

  test('and workers that may open WebSockets, of themselves or by what they load or name later; no other scripts', async () => {
    expect(await carrierOf(application('auto'), ask('worker'), sized(script, 'compute()'), first('compute()'))).toBeNull();
    expect(await carrierOf(application('auto'), ask('worker'), script, first('compute()'))).toBe('worker');
    expect(await carrierOf(application('auto'), ask('worker'), sized(script, 'new WebSocket(u)'), first('new WebSocket(u)'))).toBe(
      'worker',
    );
    for (const kind of ['sharedworker', 'serviceworker'])
      expect(await carrierOf(application('auto'), ask(kind), script, first("importScripts('a.js')"))).toBe('worker');
    expect(await carrierOf(application('on'), ask('script'), script, first('new WebSocket(u)'))).toBeNull();
  });

  test('are those that a browser shows: no fetched fragment, no download, no failure', async () => {
    const download = { status: 200, headers: [...page.headers, ['Content-Disposition', 'attachment']] as HeaderList };

    expect(await carrierOf(application('on'), ask('empty'), page, first(''))).toBeNull();
    expect(await carrierOf(application('on'), ask('document'), download, first(''))).toBeNull();
    expect(await carrierOf(application('on'), ask('document'), { ...page, status: 404 }, first(''))).toBeNull();
  });
});

describe('a content security policy gets what is needed and no more', () => {
  const SCRIPT = 'https://app.example.com/.sallyport/socket.js';
  const OWN = 'https://app.example.com/.sallyport/';
  const REPLY = 'wss://reply.example.com';
  const allowed = (policy: string) => withScriptSources([['Content-Security-Policy', policy]], SCRIPT, 'sockets', [REPLY])[0]![1];

  test.each([
    ["frame-ancestors 'none'", "frame-ancestors 'none'"],
    ["script-src 'self'", "script-src 'self'"],
    ["default-src 'self'", `default-src 'self'; connect-src 'self' ${REPLY}`],
    ["default-src 'none'", `default-src 'none'; script-src ${SCRIPT}; connect-src ${OWN} ${REPLY}`],
    [
      "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' wss:",
      "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' wss:",
    ],
    ['script-src https://cdn.example; connect-src *', `connect-src *; script-src https://cdn.example ${SCRIPT}`],
    // What the page's own WebSockets may reach, the script must.
    ['connect-src wss:', "connect-src wss: 'self'"],
    ['connect-src wss://app.example.com', `connect-src wss://app.example.com 'self' ${REPLY}`],
    ['connect-src wss://*.example.com', `connect-src wss://*.example.com 'self' ${REPLY}`],
    [
      'connect-src wss://app.example.com/live wss://other.example.com wss://app.example.com:8443',
      `connect-src wss://app.example.com/live wss://other.example.com wss://app.example.com:8443 ${OWN} https://app.example.com/live ${REPLY}`,
    ],
    // Of another script of ours.
    [`script-src 'self'; connect-src ${OWN}`, `script-src 'self'; connect-src ${OWN} ${REPLY}`],
  ])('%s', (policy, wanted) => {
    expect(allowed(policy)).toBe(wanted);
  });
});
