import { describe, expect, test } from '@jest/globals';
import { findProxy } from './network.ts';

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

test('a proxy that is none is refused without showing its credentials', () => {
  const refused = () => find('https://a.example.com', { HTTPS_PROXY: 'socks5://user:top-secret@proxy.corp' });

  expect(refused).toThrow('expected http://host:port');
  expect(refused).not.toThrow('top-secret');
});
