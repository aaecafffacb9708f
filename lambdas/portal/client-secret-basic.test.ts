import { expect, test } from '@jest/globals';
import type * as oidc from 'openid-client';
import { clientSecretBasic } from './client-secret-basic.ts';

const credentials = (clientId: string, secret: string): string => {
  const headers = new Headers();
  clientSecretBasic(secret)(
    { issuer: 'https://login.example.com' } as oidc.ServerMetadata,
    { client_id: clientId },
    new URLSearchParams(),
    headers,
  );
  return Buffer.from(headers.get('authorization')!.replace('Basic ', ''), 'base64').toString();
};

test('what form encoding leaves alone is left alone, for providers that do not decode', () => {
  expect(credentials('sallyport', 'a-b_c.D*9')).toBe('sallyport:a-b_c.D*9');
});

test('what would be read as something else is encoded', () => {
  expect(credentials('a:b', 'p+q ~%/=ü')).toBe('a%3Ab:p%2Bq+%7E%25%2F%3D%C3%BC');
});
