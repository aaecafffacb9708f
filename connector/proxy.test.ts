import { describe, expect, test } from '@jest/globals';
import { authorization, findProxy } from './proxy.ts';

const find = (url: string, env: Record<string, string>): string | undefined => findProxy(new URL(url), env)?.host;

describe('the proxy is', () => {
  test.each([
    ['https://service.example.com', { HTTPS_PROXY: 'http://proxy.corp:3128' }, 'proxy.corp:3128'],
    ['wss://service.example.com', { https_proxy: 'http://proxy.corp:3128', HTTPS_PROXY: 'http://other.corp' }, 'proxy.corp:3128'],
    ['http://service.example.com', { HTTP_PROXY: 'proxy.corp:3128' }, 'proxy.corp:3128'],
    ['https://service.example.com', { ALL_PROXY: 'http://proxy.corp:3128' }, 'proxy.corp:3128'],
    ['https://service.example.com', { HTTP_PROXY: 'http://proxy.corp:3128' }, undefined],
    ['https://service.example.com', {}, undefined],
    ['https://a.example.com', { HTTPS_PROXY: 'http://p', NO_PROXY: 'other.org, example.com' }, undefined],
    ['https://a.example.com', { HTTPS_PROXY: 'http://p', NO_PROXY: '.example.com' }, undefined],
    ['https://a.example.com', { HTTPS_PROXY: 'http://p', NO_PROXY: '*.example.com' }, undefined],
    ['https://a.example.com', { HTTPS_PROXY: 'http://p', NO_PROXY: '*' }, undefined],
    ['https://badexample.com', { HTTPS_PROXY: 'http://p', NO_PROXY: 'example.com' }, 'p'],
    ['https://a.example.com:8443', { HTTPS_PROXY: 'http://p', NO_PROXY: 'example.com:443' }, 'p'],
    ['http://127.0.0.1:8080', { HTTP_PROXY: 'http://p' }, undefined],
    ['http://portal.sallyport.localhost:8080', { HTTP_PROXY: 'http://p' }, undefined],
  ])('for %s with %p: %p', (url, env, proxy) => {
    expect(find(url, env as Record<string, string>)).toBe(proxy);
  });
});

test.each([
  ['http://connector:p@ss@proxy.corp:3128', '%40'],
  ['http://connector:p/ss@proxy.corp:3128', '%2F'],
  ['http://connector:12#ss@proxy.corp:3128', '%23'],
  ['http://connector:12?ss@proxy.corp:3128', '%3F'],
  ['https://connector:100%@proxy.corp:3128', '%25'],
  ['http://connector:p ss@proxy.corp:3128', '%20'],
  ['connector:p@ss@proxy.corp:3128', '%40'],
  ['http://con@nector:pass@proxy.corp:3128', '%40'],
])('credentials with a raw character are refused, with how it is encoded, and are not repeated: %s', (proxy, encoded) => {
  const refused = () => find('https://a.example.com', { HTTPS_PROXY: proxy });

  expect(refused).toThrow(encoded);
  expect(refused).toThrow(/^HTTPS_PROXY: /);
  for (const part of ['p@ss', 'p/ss', '12#', '12?', '100%@', 'p ss', 'nector']) expect(refused).not.toThrow(part);
});

test('encoded credentials are what they stand for', () => {
  const { username, password, host } = findProxy(new URL('https://a.example.com'), { HTTPS_PROXY: 'http://con:p%40s%2Fs:x@proxy:3128' })!;

  expect([username, decodeURIComponent(password), host]).toEqual(['con', 'p@s/s:x', 'proxy:3128']);
});

test.each([
  ['con:p%40s%2Fs:x', 'con:p@s/s:x'],
  ['con:p\u00e4ss', 'con:p\u00e4ss'],
  ['con:p%C3%A4ss%25', 'con:p\u00e4ss%'],
  ['con:"<p>^`{|}', 'con:"<p>^`{|}'],
])('credentials %s are sent as what they stand for', (credentials, meant) => {
  const proxy = findProxy(new URL('https://a.example.com'), { HTTPS_PROXY: `http://${credentials}@proxy:3128` })!;

  expect(authorization(proxy)).toEqual({ 'Proxy-Authorization': `Basic ${Buffer.from(meant).toString('base64')}` });
});

test('credentials that are encoded in another character set than UTF-8 are sent as these bytes', () => {
  const proxy = findProxy(new URL('https://a.example.com'), { HTTPS_PROXY: 'http://con:p%E4ss@proxy:3128' })!;

  expect(authorization(proxy)).toEqual({ 'Proxy-Authorization': `Basic ${Buffer.from('con:p\u00e4ss', 'latin1').toString('base64')}` });
});

test('a proxy that is none is refused without showing its credentials', () => {
  const refused = () => find('https://a.example.com', { HTTPS_PROXY: 'socks5://user:top-secret@proxy.corp' });

  expect(refused).toThrow('expected http://host:port');
  expect(refused).not.toThrow('top-secret');
});
