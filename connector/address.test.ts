import { describe, expect, test } from '@jest/globals';
import { isThisMachine, lookupWith, mayConnect } from './address.ts';

describe('an origin may never have the address', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '64:ff9b::a9fe:a9fe',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
  ])('%s', (address) => {
    expect(mayConnect(address, true)).toBe(false);
  });
});

test.each(['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1'])('%s only when loopback is allowed', (address) => {
  expect(mayConnect(address, false)).toBe(false);
  expect(mayConnect(address, true)).toBe(true);
});

test.each(['10.0.0.1', '192.168.1.1', '172.16.0.1', 'fd12::1', '8.8.8.8', '2001:db8::1'])('%s always', (address) => {
  expect(mayConnect(address, false)).toBe(true);
});

test.each([
  ['localhost', true],
  ['PORTAL.sallyport.localhost', true],
  ['[::1]', true],
  ['localhost.evil.example', false],
])('%s is this machine: %p', (host, is) => {
  expect(isThisMachine(host)).toBe(is);
});

describe('a lookup', () => {
  const resolves = (...addresses: string[]) =>
    lookupWith(
      (address) => mayConnect(address, false),
      (host, address) => new Error(`${host} is ${address}`),
      (_, callback) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
    );
  const ask = (lookup: ReturnType<typeof resolves>, options = { all: true }) =>
    new Promise((resolve, reject) => lookup('name', options, (error, found) => (error ? reject(error) : resolve(found))));

  test('answers only the addresses that may be connected to', async () => {
    await expect(ask(resolves('127.0.0.1', '10.0.0.1', '169.254.169.254'))).resolves.toEqual([{ address: '10.0.0.1', family: 4 }]);
  });

  test('fails when none may be', async () => {
    await expect(ask(resolves('127.0.0.1'))).rejects.toThrow('name is 127.0.0.1');
  });

  test('answers one address when one is asked for', async () => {
    await expect(ask(resolves('10.0.0.1', '10.0.0.2'), { all: false })).resolves.toBe('10.0.0.1');
  });

  test('says that a name has no address', async () => {
    await expect(ask(resolves())).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
