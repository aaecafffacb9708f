import { expect, test } from '@jest/globals';
import { createEndpoints } from './endpoints.ts';

const endpoints = createEndpoints();
endpoints.register('https://abc.execute-api.us-east-1.amazonaws.com', 'http://127.0.0.1:40123');
endpoints.register('https://*.apps.sallyport.localhost', 'http://*.apps.sallyport.localhost:8080');
endpoints.register('https://portal.sallyport.localhost', 'https://portal.sallyport.localhost:8443');
endpoints.register('https://login.example.com:9443', 'http://127.0.0.1:40124');

test.each([
  ['https://abc.execute-api.us-east-1.amazonaws.com/live', 'http://127.0.0.1:40123/live'],
  ['wss://abc.execute-api.us-east-1.amazonaws.com/live', 'ws://127.0.0.1:40123/live'],
  [
    'two: https://abc.execute-api.us-east-1.amazonaws.com, https://abc.execute-api.us-east-1.amazonaws.com.',
    'two: http://127.0.0.1:40123, http://127.0.0.1:40123.',
  ],
  ['https://wiki.apps.sallyport.localhost/a?b', 'http://wiki.apps.sallyport.localhost:8080/a?b'],
  ['https://*.apps.sallyport.localhost', 'http://*.apps.sallyport.localhost:8080'],
  ['https://portal.sallyport.localhost', 'https://portal.sallyport.localhost:8443'],
  ['https://login.example.com:9443/realms/main', 'http://127.0.0.1:40124/realms/main'],
])('%s becomes %s', (aws, local) => {
  expect(endpoints.localise(aws)).toBe(local);
});

test.each([
  'https://xabc.execute-api.us-east-1.amazonaws.com/',
  'https://abc.execute-api.us-east-1.amazonaws.com.example.org/',
  'https://abc.execute-api.us-east-1.amazonaws.com:8443/',
  'https://a.b.apps.sallyport.localhost/',
  'https://login.example.com/realms/main',
  'https://login.example.com:94431/',
  'abc.execute-api.us-east-1.amazonaws.com',
])('%s stays', (other) => {
  expect(endpoints.localise(other)).toBe(other);
});

test('values of any depth are localised, and not in place', () => {
  const value = { list: [{ url: 'https://portal.sallyport.localhost/x' }], number: 1, nothing: null };

  const localised = endpoints.localise(value);

  expect(localised).toEqual({ list: [{ url: 'https://portal.sallyport.localhost:8443/x' }], number: 1, nothing: null });
  expect(value.list[0]?.url).toBe('https://portal.sallyport.localhost/x');
});

test('only origins can be registered', () => {
  expect(() => endpoints.register('http://plain.example', 'http://127.0.0.1')).toThrow('is not an origin of AWS');
});
