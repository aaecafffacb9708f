import { expect, test } from '@jest/globals';
import { applicationError, negotiationError } from './failures.ts';

const ASKED = {
  account: { principal: 'svc@CORP.EXAMPLE', store: {} },
  user: 'alice@CORP.EXAMPLE',
  target: 'HTTP/app.corp.example@CORP.EXAMPLE',
};

// Texts as libkrb5 1.20 writes them; those that a real domain brings about are in test/kerberos.
test.each([
  ['acquire', 'Cannot contact any KDC for requested realm', 'ERR_KERBEROS_KDC'],
  ['initiate', 'Cannot resolve network address for KDC in requested realm', 'ERR_KERBEROS_KDC'],
  ['acquire', 'Cannot find KDC for requested realm', 'ERR_KERBEROS_REALM'],
  ['acquire', 'Clock skew too great', 'ERR_KERBEROS_CLOCK'],
  ['acquire', "Client's credentials have been revoked", 'ERR_KERBEROS_CREDENTIALS'],
  ['acquire', 'Password has expired', 'ERR_KERBEROS_CREDENTIALS'],
  ['acquire', 'KDC has no support for encryption type', 'ERR_KERBEROS_CREDENTIALS'],
  ['impersonate', "Client's credentials have been revoked", 'ERR_KERBEROS_USER_DISABLED'],
  ['impersonate', "Client's entry in database has expired", 'ERR_KERBEROS_USER_DISABLED'],
  ['impersonate', 'KDC has no support for padata type', 'ERR_KERBEROS_DELEGATION'],
  ['initiate', 'KDC policy rejects request', 'ERR_KERBEROS_DELEGATION'],
  ['slot', 'None is answered', 'ERR_KERBEROS_KDC'],
  ['helper', 'It ended', 'ERR_KERBEROS_UNAVAILABLE'],
  ['initiate', 'Something that nobody has thought of', 'ERR_KERBEROS_UNAVAILABLE'],
])('%s: %s is %s', (call, text, code) => {
  expect(negotiationError({ call, text: `Unspecified GSS failure. ${text}` }, ASKED)).toMatchObject({ code });
});

test.each([
  ['Clock skew too great', 'ERR_KERBEROS_CLOCK', 'NTP'],
  ['Key version is not available', 'ERR_KERBEROS_REFUSED', 'older or newer'],
  ["The ticket isn't for us", 'ERR_KERBEROS_REFUSED', 'another service principal name'],
  ['Request is a replay', 'ERR_KERBEROS_REFUSED', 'seen this ticket before'],
  ['Decrypt integrity check failed', 'ERR_KERBEROS_REFUSED', 'older or newer'],
])('an application that says %s: %s', (text, code, advice) => {
  expect(applicationError({ call: 'verify', text }, ASKED.target)).toMatchObject({ code, message: expect.stringContaining(advice) });
});
