import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Site, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.dispose());

test('greets the visitor that the headers name, and escapes what they say', async () => {
  const response = await fetch(site.url, { headers: { 'remote-name': '<b>Alice</b>' } });

  const text = await response.text();

  expect(text).toContain('Good day, &#60;b&#62;Alice');
  expect(text).not.toContain('<b>Alice');
});

test('reads headers as UTF-8, as Sallyport sends them', async () => {
  const response = await fetch(site.url, { headers: { 'remote-name': Buffer.from('Bob Börjesson').toString('latin1') } });

  const text = await response.text();

  expect(text).toContain('<h1>Good day, Bob Börjesson</h1>');
  expect(text).toContain('<td>Bob Börjesson</td>');
});

test('keeps what was written in the guestbook, with its picture', async () => {
  const form = new FormData();
  form.set('text', 'Lovely intranet');
  form.set('picture', new Blob([Buffer.from('png bytes')], { type: 'image/png' }), 'dot.png');

  const signed = await fetch(`${site.url}guestbook`, { method: 'POST', body: form, headers: { 'remote-user': 'alice' } });
  const picture = await fetch(`${site.url}picture?entry=0`);

  expect(signed.url).toBe(`${site.url}guestbook`);
  expect(await signed.text()).toContain('Lovely intranet');
  expect(await picture.text()).toBe('png bytes');
});

test('a picture that could carry a script is not kept', async () => {
  const form = new FormData();
  form.set('text', 'Look at this');
  form.set('picture', new Blob(['<svg onload="alert(1)"/>'], { type: 'image/svg+xml' }), 'x.svg');

  await fetch(`${site.url}guestbook`, { method: 'POST', body: form });

  expect((await fetch(`${site.url}picture?entry=1`)).status).toBe(404);
});

test('a download has the size that was asked for', async () => {
  const response = await fetch(`${site.url}download?mb=2`);

  expect((await response.arrayBuffer()).byteLength).toBe(2 * 1024 * 1024);
});

test('a download goes on where it was broken off, and begins anew for another version', async () => {
  const whole = Buffer.from(await (await fetch(`${site.url}download?mb=2`)).arrayBuffer());
  const ask = (headers: Record<string, string>) => fetch(`${site.url}download?mb=2`, { headers });

  const rest = await ask({ range: 'bytes=1500000-', 'if-range': '"2"' });
  const other = await ask({ range: 'bytes=1500000-', 'if-range': '"3"' });
  const beyond = await ask({ range: `bytes=${whole.length}-` });

  expect([rest.status, rest.headers.get('content-range')]).toEqual([206, `bytes 1500000-${whole.length - 1}/${whole.length}`]);
  expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(1_500_000))).toBe(true);
  expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, whole.length]);
  expect(beyond.status).toBe(416);
});
