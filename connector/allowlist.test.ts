import { describe, expect, test } from '@jest/globals';
import { findAllowed, parseAllowedOrigin } from './allowlist.ts';

const allows = (entry: string, url: string) => findAllowed([parseAllowedOrigin(entry)], new URL(url)) !== null;

describe('an entry allows', () => {
  test.each([
    ['http://wiki.corp:8080', 'http://wiki.corp:8080/a/b'],
    ['http://WIKI.corp', 'http://wiki.corp/'],
    ['http://wiki.corp:80', 'http://wiki.corp/'],
    ['https://wiki.corp', 'https://wiki.corp:443/'],
    ['https://wiki.corp/', 'https://wiki.corp./'],
    ['https://*.corp.example', 'https://a.corp.example/'],
    ['https://*.corp.example', 'https://a.b.corp.example/'],
    // What an application with a wildcard needs is allowed by a wildcard, so that a connector can warn before anyone asks.
    ['https://*.corp.example', 'https://*.corp.example/'],
    ['http://10.0.0.1', 'http://10.0.0.1/'],
    ['http://[fd00::1]:81', 'http://[fd00:0::1]:81/'],
    ['http://bücher.corp', 'http://xn--bcher-kva.corp/'],
  ])('%s: %s', (entry, url) => {
    expect(allows(entry, url)).toBe(true);
  });
});

describe('an entry does not allow', () => {
  test.each([
    ['http://wiki.corp:8080', 'http://wiki.corp/'],
    ['http://wiki.corp', 'https://wiki.corp/'],
    ['http://wiki.corp', 'http://wiki.corp.evil.example/'],
    ['http://wiki.corp', 'http://evil-wiki.corp/'],
    ['https://*.corp.example', 'https://corp.example/'],
    ['https://*.corp.example', 'https://evilcorp.example/'],
    ['https://*.corp.example', 'https://a.corp.example:8443/'],
    ['http://10.0.0.1', 'http://10.0.0.10/'],
    ['https://wiki.corp.example', 'https://*.corp.example/'],
  ])('%s: %s', (entry, url) => {
    expect(allows(entry, url)).toBe(false);
  });

  test('anything, when there is none', () => {
    expect(findAllowed([], new URL('http://wiki.corp/'))).toBeNull();
  });
});

describe('an entry is refused', () => {
  test.each([
    '',
    'wiki.corp',
    'ftp://wiki.corp',
    'http://wiki.corp/path',
    'http://wiki.corp?x',
    'http://user@wiki.corp',
    'http://*',
    'https://*.example',
    'https://*.10.0.0.1',
    'https://a.*.example.com',
    'http://wiki.corp:99999',
    'http://a b',
  ])('%p', (entry) => {
    expect(() => parseAllowedOrigin(entry)).toThrow('expected scheme, host and port');
  });
});

test.each([
  ['http://localhost:8080', true],
  ['http://wiki.localhost', true],
  ['http://127.0.0.1:3000', true],
  ['http://0x7f.1', true],
  ['http://[::1]', true],
  ['http://wiki.corp', false],
  ['https://*.corp.example', false],
  ['http://*.corp.localhost', true],
  ['https://*.localhost.corp.example', false],
])('%s names the machine itself: %p', (entry, names) => {
  expect(parseAllowedOrigin(entry).namesLoopback).toBe(names);
});
