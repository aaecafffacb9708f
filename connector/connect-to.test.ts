import { expect, test } from '@jest/globals';
import { findConnectTo, parseConnectTo } from './connect-to.ts';

test.each([
  ['wiki.corp:80=10.1.2.3:8080', { host: 'wiki.corp', port: '80', address: '10.1.2.3', addressPort: '8080' }],
  ['Wiki.Corp.:443=[fd00::7]:08443', { host: 'wiki.corp', port: '443', address: 'fd00::7', addressPort: '8443' }],
  ['intranet:80=127.0.0.1:1', { host: 'intranet', port: '80', address: '127.0.0.1', addressPort: '1' }],
])('%s', (text, expected) => {
  expect(parseConnectTo(text)).toEqual({ text, ...expected });
});

test.each([
  'wiki.corp=10.1.2.3:80',
  'wiki.corp:80=10.1.2.3',
  'wiki.corp:80',
  'wiki.corp:80=other.corp:80',
  'wiki.corp:80=10.1.2.300:80',
  'wiki.corp:0=10.1.2.3:80',
  'wiki.corp:80=10.1.2.3:65536',
  '10.0.0.1:80=10.1.2.3:80',
  'http://wiki.corp:80=10.1.2.3:80',
  '*.corp:80=10.1.2.3:80',
])('%s is refused with what was expected', (text) => {
  expect(() => parseConnectTo(text)).toThrow(/^expected HOST:PORT=ADDRESS:PORT/);
});

/** Whoever writes the configuration need not know that a cloud's metadata service is at a link-local address. */
test.each(['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '224.0.0.1'])('metadata: %s is no origin’s address', (address) => {
  expect(() => parseConnectTo(`wiki.corp:80=${address}:80`)).toThrow(/link-local, metadata or multicast/);
});

test('an entry is for one host and one port', () => {
  const entries = [parseConnectTo('wiki.corp:80=10.1.2.3:8080')];

  expect(findConnectTo(entries, 'WIKI.corp.', '80')?.address).toBe('10.1.2.3');
  expect(findConnectTo(entries, 'wiki.corp', '443')).toBeNull();
  expect(findConnectTo(entries, 'a.wiki.corp', '80')).toBeNull();
});
