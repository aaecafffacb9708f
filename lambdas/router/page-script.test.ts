// Our script in an application's pages: in which, where in them, and what their policy is given for it.
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import { nonceOf, withScriptSources } from './page-policy.ts';
import { takesUploadScript, withScripts } from './page-script.ts';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const TAG = '<script src="/s.js"></script>';
const scripted = async (html: string, size = html.length): Promise<string> => {
  const bytes = Buffer.from(html);
  const parts = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const out: Buffer[] = [];
  for await (const part of withScripts(parts(), ['/s.js'], null)) out.push(part);
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

  test('and nothing is held for longer than a head can be in coming', async () => {
    const comment = `<!--${'x'.repeat(20_000)}`;

    expect(await scripted(comment, 1000)).toBe(TAG + comment);
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

  test('and no other answer does', () => {
    expect(takes(HTML, { bigUploads: 'off' })).toBe(false);
    expect(takes(HTML, { dest: 'empty' })).toBe(false);
    expect(takes(HTML, { method: 'HEAD' })).toBe(false);
    expect(takes(HTML, { status: 206 })).toBe(false);
    expect(takes([...HTML, ['Content-Disposition', 'attachment; filename="a.html"']])).toBe(false);
    expect(takes([['Content-Type', 'text/html; charset=utf-16']])).toBe(false);
    expect(takes([['Content-Type', 'application/json']])).toBe(false);
  });

  test('whatever its coding: it is packed again, and says nothing of bytes that it no longer has', async () => {
    const rig = createRig();
    rig.applications[0] = application({ bigUploads: 'on' });
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      const body = gzipSync('<html><head><title>a</title>');
      const headers: HeaderList = [...HTML, ['Content-Encoding', 'gzip'], ['Content-Length', String(body.length)], ['ETag', '"a"']];
      if (frame.type === 'request') reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true }, body);
    });

    const answer = await rig.answer({
      headers: { Cookie: [rig.signIn()], 'Sec-Fetch-Dest': ['document'], 'Accept-Encoding': ['gzip'] },
    });

    expect(gunzipSync(answer.body()).toString()).toBe('<html><head><script src="/.sallyport/upload.js"></script><title>a</title>');
    expect([answer.header('Content-Length'), answer.header('ETag'), answer.header('Content-Encoding')]).toEqual([null, 'W/"a"', 'gzip']);
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
    expect(nonceOf([['X', "'nonce-r4nd0m'"]])).toBeNull();
  });
});
