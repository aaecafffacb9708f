import { describe, expect, test } from '@jest/globals';
import { createExternalUrls } from '../external-url.ts';
import { application } from '../testing/records.ts';
import { createInternalAddresses } from './internal-address.ts';
import { internalFields, readableFields } from './request-fields.ts';

const applications = [
  application({ id: 'hr', host: 'hr.apps.example.com', path: '/people/', internalUrl: 'https://hr.corp:8443/base/' }),
  application({ id: 'pay', host: 'hr.apps.example.com', path: '/people/pay/', internalUrl: 'http://pay.corp/' }),
  application({ id: 'own', host: 'own.apps.example.com', path: '/app/', internalUrl: 'http://own.corp:8000/int/' }),
  application({ id: 'wild', host: '*.apps.example.com', internalUrl: 'http://*.corp/' }),
];
const directory = {
  applicationsOn: async (host: string) => applications.filter((known) => known.host === host),
  publishedAt: async () => [],
};
const own = { host: 'own.apps.example.com', path: '/app/', internalUrl: 'http://own.corp:8000/int/' };
const told = async (name: string, value: string, welcome = true) => {
  const addresses = createInternalAddresses(directory, createExternalUrls('https://portal.example.com'), own, async () => welcome);
  return (await internalFields([[name, value]], addresses))[0]![1];
};

test.each([
  ['Referer', 'https://own.apps.example.com/app/x?y=1', 'http://own.corp:8000/int/x?y=1'],
  ['Referer', 'https://own.apps.example.com/', 'https://own.apps.example.com/'],
  ['Referer', 'https://hr.apps.example.com/people/x', 'https://hr.corp:8443/base/x'],
  ['Referer', 'https://hr.apps.example.com/people/pay/x', 'http://pay.corp/x'],
  ['Referer', 'https://some.apps.example.com/x', 'http://some.corp/x'],
  ['Destination', 'https://own.apps.example.com/app/new%20name', 'http://own.corp:8000/int/new%20name'],
  ['Origin', 'https://own.apps.example.com', 'http://own.corp:8000'],
  ['Origin', 'https://hr.apps.example.com', 'https://hr.corp:8443'],
])('%s: %s is told as %s', async (name, value, expected) => {
  expect(await told(name, value)).toBe(expected);
});

/** Cross-site request forgery: whoever is not ours must not look to the application as if it were itself. */
test.each([
  'https://evil.example',
  'http://own.apps.example.com',
  'https://own.apps.example.com:8443',
  'https://own.apps.example.com.evil.example',
  'https://evil.example/https://own.apps.example.com',
  'https://own.apps.example.com@evil.example',
  'https://OWN.apps.example.com',
  'null',
  '',
])('Origin and Referer %j stay what they are', async (value) => {
  expect(await told('Origin', value)).toBe(value);
  expect(await told('Referer', value)).toBe(value);
});

/** The same of one that is published beside it: to an application, an internal name is a friend's. */
test.each([
  ['Origin', 'https://hr.apps.example.com'],
  ['Origin', 'https://some.apps.example.com'],
  ['Referer', 'https://hr.apps.example.com/people/x'],
])('%s %s of an application that is not welcome stays what it is', async (name, value) => {
  expect(await told(name, value, false)).toBe(value);
});

test.each([
  ['Origin', 'https://own.apps.example.com', 'http://own.corp:8000'],
  ['Referer', 'https://own.apps.example.com/app/x', 'http://own.corp:8000/int/x'],
  ['Destination', 'https://hr.apps.example.com/people/x', 'https://hr.corp:8443/base/x'],
])('%s %s is told without anybody being welcome', async (name, value, expected) => {
  expect(await told(name, value, false)).toBe(expected);
});

test('query and body are not looked at: X-Forwarded-Host says the external name, and other fields stay', async () => {
  expect(await told('X-Forwarded-Host', 'own.apps.example.com')).toBe('own.apps.example.com');
});

describe('for an answer that is to be read', () => {
  test.each([
    ['gzip, deflate, br', 'gzip, deflate, br'],
    ['gzip;q=0.5, sdch, *', 'gzip;q=0.5'],
    ['compress', 'identity'],
    ['', 'identity'],
  ])('Accept-Encoding %j becomes %j', (value, expected) => {
    expect(readableFields([['Accept-Encoding', value]])).toEqual([['Accept-Encoding', expected]]);
  });

  test.each([
    ['If-None-Match', 'W/"a", "b"', 'W/"a", "b", "a"'],
    ['If-None-Match', 'W/"a", "a"', 'W/"a", "a"'],
    ['If-None-Match', '*', '*'],
    ['If-Match', 'W/"a", "b"', '"a", "b"'],
  ])('%s: %s is asked as %s', (name, value, expected) => {
    expect(readableFields([[name, value]])).toEqual([[name, expected]]);
  });
});
