// Cases of the differential test that no generator finds.
import type { Case, Planned, Sent } from './case.ts';

const GET: Sent = { method: 'GET', target: '/', version: '1.1', fields: [], body: null, coding: 'length', trailers: [] };
const OK: Planned = {
  status: 200,
  reason: 'OK',
  fields: [['Content-Type', 'text/plain']],
  body: Buffer.from('ok'),
  coding: 'length',
  trailers: [],
  interim: [],
};

const asking = (title: string, changes: Partial<Sent>): [string, Case] => [title, { sent: { ...GET, ...changes }, planned: OK }];
const answering = (title: string, changes: Partial<Planned>, sent: Partial<Sent> = {}): [string, Case] => [
  title,
  { sent: { ...GET, ...sent }, planned: { ...OK, ...changes } },
];

/** `internal`: the origin's own address, `authority`: the one that users ask for. */
export const byHand = (internal: string, authority: string): readonly [string, Case][] => [
  ...['PROPFIND', 'MKCOL', 'LOCK', 'REPORT'].map((method) => asking(`WebDAV: ${method}`, { method })),
  asking('a head that is too large', { fields: [['X-A', 'x'.repeat(10_300)]] }),
  asking('a head that is just not too large', { fields: [['X-A', 'x'.repeat(8_900)]] }),
  asking('a body that is too large', { method: 'POST', body: Buffer.alloc(4_400_001) }),
  asking('a body that is just not too large', { method: 'POST', body: Buffer.alloc(4_400_000, 'x') }),
  ...['/ping', '/sping', '/ping?x', '/ping/', '/%70ing', '//ping', '/pin'].map((target) => asking(`health check: ${target}`, { target })),
  ...['/robots.txt', '/robots.txt?x', '/a/robots.txt'].map((target) => asking(`robots: ${target}`, { target })),
  ...['/.sallyport/x', '/.sallyport%2fsession', '/x/../.sallyport/', '/.SALLYPORT/', '//.sallyport'].map((target) =>
    asking(`reserved: ${target}`, { target }),
  ),
  ...['/caf\xe9', '/\xc3\xa9?x'].map((target) => asking(`raw bytes: ${target}`, { target })),
  ...['/a?b|c', '/a?{b}', '/a?%zz', '/a?%', '/a?%E9', '/a?b=%C3'].map((target) => asking(`unreadable: ${target}`, { target })),
  ...[
    '/?',
    '/?&',
    '/?a',
    '/?a=',
    '/?=',
    '/?=a',
    '/?a&b',
    '/?a=1&b=2&a=3',
    '/?b=1&2=x&1=y',
    '/?a=b;c=d',
    '/?a=b&&c=d&',
    '/?a=%2B+%20',
    "/?'=()*!~",
  ].map((target) => asking(`query: ${target}`, { target })),
  ...[
    '//',
    '///a//b//',
    '/.',
    '/..',
    '/a/./b/../c',
    '/%2e%2e/%2E',
    '/a;b=c/d;e',
    '/%2F%2f',
    '/a%3Fb%23c',
    '/a\\b%5Cc',
    '/%00',
    '/100%/%zz',
    '/{a}|b',
    '/[::1]',
    '/a%0d%0ab',
    '/%ef%bc%8f',
  ].map((target) => asking(`path: ${target}`, { target })),
  asking('the host in capitals', { fields: [['Host', authority.toUpperCase()]] }),
  asking('HTTP/1.0', { version: '1.0' }),
  asking('HTTP/1.0 with a body', { version: '1.0', method: 'POST', body: Buffer.from('a=1') }),
  asking('the absolute form', { target: `http://${authority}/a%2Fb?c` }),
  asking('a body of GET', { body: Buffer.from('x') }),
  asking('an empty body of GET', { body: Buffer.alloc(0) }),
  asking('an empty body of POST', { method: 'POST', body: Buffer.alloc(0) }),
  asking('no body of POST', { method: 'POST' }),
  asking('no body of DELETE', { method: 'DELETE' }),
  asking('an empty body in chunks', { method: 'PUT', body: Buffer.alloc(0), coding: 'chunked', trailers: [['X-T', '1']] }),
  asking('100-continue', { method: 'PUT', body: Buffer.from('x'), fields: [['Expect', '100-continue']] }),
  asking('an upgrade to h2c', {
    fields: [
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
    ],
  }),
  asking('Connection that names other fields', {
    fields: [
      ['Connection', 'X-A, Host'],
      ['X-A', '1'],
    ],
  }),
  asking('who somebody is', {
    fields: [
      ['Remote_User', 'admin'],
      ['X-Remote-User', 'admin'],
      ['x_webauth_user', 'admin'],
      ['SSL_CLIENT_S_DN', 'CN=admin'],
      ['True-Client-IP', '10.0.0.1'],
      ['Proxy', 'http://192.0.2.1/'],
    ],
  }),
  asking('a signature of AWS', { fields: [['Authorization', 'AWS4-HMAC-SHA256 Credential=x']] }),
  asking('cookies of ours among others', { fields: [['Cookie', 'a=1; __Host-sallyport-x=2; __HOST-SALLYPORT-y=3; b']] }),
  asking('many fields (Entra: 60)', { fields: Array.from({ length: 150 }, (_, at) => [`X-Field-${at}`, String(at)] as const) }),
  answering('an internal address', {
    status: 302,
    fields: [
      ['Location', `${internal}a%2Fb?c=${encodeURIComponent(internal)}#d`],
      ['Content-Location', internal],
      ['Set-Cookie', 'a=1; Domain=127.0.0.1; Path=/'],
    ],
  }),
  answering('cookies and orders for the whole site', {
    fields: [
      ['Set-Cookie', 'a=1; Domain=sallyport.localhost; Path=/'],
      ['Set-Cookie', 'b=2; Domain=.apps.sallyport.localhost'],
      ['Clear-Site-Data', '"cookies", "cache"'],
      ['clear-site-data', '"cookies"'],
    ],
  }),
  answering('no type', { fields: [] }),
  answering('an empty type', { fields: [['Content-Type', '']] }),
  answering('HEAD with a length', { body: Buffer.alloc(12_345) }, { method: 'HEAD' }),
  answering('304 with a length', { status: 304, body: Buffer.alloc(12_345), fields: [['ETag', '"1"']] }),
  answering('204 with a length of 0', { status: 204, body: Buffer.alloc(0) }),
  answering('an empty body in chunks', { body: Buffer.alloc(0), coding: 'chunked' }),
  answering('an empty body that ends with the connection', { body: Buffer.alloc(0), coding: 'close' }),
  answering('every interim answer', { interim: [100, 103, 102, 100] }, { method: 'POST', body: Buffer.from('x') }),
  answering('a body in a gzip transfer coding', {
    coding: 'none',
    body: Buffer.alloc(0),
    fields: [['Transfer-Encoding', 'gzip, chunked']],
  }),
  answering('a status that is none', { status: 600 }),
  answering('another protocol', {
    status: 101,
    coding: 'none',
    body: Buffer.alloc(0),
    fields: [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ],
  }),
  answering('a head that is too large for API Gateway', { fields: [['X-A', 'x'.repeat(16_000)]] }),
  answering('a head that is too large for a frame', { fields: [['X-A', 'x'.repeat(33_000)]] }),
  answering('a large head', { fields: [['X-A', 'x'.repeat(15_000)]] }),
  answering('a body of two megabytes', { body: Buffer.alloc(2_000_000, 'abc'), coding: 'chunked' }),
];
