import { expect, test } from '@jest/globals';
import { application, faultsIn, faultsOfHeaders, least, wiki } from './testing/tenant-file.ts';

test.each([
  'Host',
  'cookie',
  'Authorization',
  'Content_Length',
  'Connection',
  'Transfer-Encoding',
  'X-Forwarded-For',
  'X_Forwarded_User',
  'Forwarded',
  'Via',
  'Sallyport-User',
  'X-Amzn-Trace-Id',
  'Proxy',
  'True_Client_IP',
  'X-HTTP-Host-Override',
  'two words',
  'colon:',
  '',
])('header %p may carry no claim', (name) => {
  expect(faultsOfHeaders({ [name]: 'username' }).map(({ path }) => path)).toEqual([`applications[0].singleSignOn.headers.${name}`]);
});

test.each(['Remote-User', 'X-Remote-User', 'X-WEBAUTH-USER', 'SSL_CLIENT_S_DN', 'X-MS-CLIENT-PRINCIPAL-NAME', 'SM_USER'])(
  'header %s may, though users may not send it',
  (name) => {
    expect(faultsOfHeaders({ [name]: 'username' })).toEqual([]);
  },
);

test('a header carries a claim that is known, and has one spelling', () => {
  const headers = { 'Remote-User': 'username', 'X-Id': '{subject|upper}', 'X-Way-In': { text: 'outside {1}' } };

  expect(application({ singleSignOn: { method: 'headers', headers } }).singleSignOn).toEqual({
    method: 'headers',
    headers: { 'Remote-User': '{username}', 'X-Id': '{subject|upper}', 'X-Way-In': 'outside {{1}}' },
  });
  expect(faultsOfHeaders({ 'Remote-User': 'department' })[0]?.expected).toContain('username');
  expect(faultsOfHeaders({ 'Remote-User': 'username', Remote_User: 'name' })).toHaveLength(1);
});

test('a further claim can be carried', () => {
  const provider = { ...least.identityProviders[0], claims: { further: ['department'] } };
  const raw = {
    ...least,
    identityProviders: [provider],
    applications: [{ ...wiki, singleSignOn: { method: 'headers', headers: { 'X-Department': 'department' } } }],
  };

  expect(faultsIn(raw)).toEqual([]);
});
