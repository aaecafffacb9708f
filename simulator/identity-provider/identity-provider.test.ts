import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as openid from 'openid-client';
import { createWebUser } from '../web-user.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { PROGRAM_CLIENT_ID } from './provider.ts';
import { oneTimeCode, USERS } from './users.ts';

const alice = USERS.find(({ username }) => username === 'alice')!;
const bob = USERS.find(({ username }) => username === 'bob')!;

const CLAIMS = { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups' };
const TELLING = { asUserPool: false, claims: CLAIMS, secondFactor: { amr: [], acr: [] }, mailDomain: null };

let client: Server;
let redirectUri: string;
let provider: IdentityProvider;
let configuration: openid.Configuration;

beforeAll(async () => {
  client = createServer((_, response) => response.end('back at the client'));
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve));
  redirectUri = `http://127.0.0.1:${(client.address() as AddressInfo).port}/callback`;
  provider = await startIdentityProvider();
  await provider.serve('', {
    clientId: 'sallyport',
    clientSecret: 'a secret of the test',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [redirectUri],
    telling: TELLING,
  });
  configuration = await openid.discovery(new URL(provider.origin), 'sallyport', 'a secret of the test', undefined, {
    execute: [openid.allowInsecureRequests],
  });
});

afterAll(async () => {
  await provider.dispose();
  client.close();
});

const begin = async () => {
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid profile email groups',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'a state',
    nonce: 'a nonce',
  });
  const web = createWebUser();
  const tokens = (landed: string) =>
    openid.authorizationCodeGrant(configuration, new URL(landed), {
      pkceCodeVerifier: verifier,
      expectedState: 'a state',
      expectedNonce: 'a nonce',
    });
  return { web, tokens, page: await web.open(url.href) };
};

test('a user with a second factor signs in with both, and the ID token says who and how', async () => {
  const { web, tokens, page } = await begin();

  const second = await web.submit(page, { username: alice.username, password: alice.password });
  const landed = await web.submit(second, { code: oneTimeCode(alice) });
  const claims = (await tokens(landed.url)).claims();

  expect(second.text).toContain('One-time code');
  expect(claims).toMatchObject({
    preferred_username: 'alice',
    email: 'alice@example.com',
    email_verified: true,
    groups: ['staff', 'wiki-editors'],
    amr: ['pwd', 'otp', 'mfa'],
  });
});

test('a user without one signs in with the password alone', async () => {
  const { web, tokens, page } = await begin();

  const landed = await web.submit(page, { username: bob.username, password: bob.password });

  expect((await tokens(landed.url)).claims()).toMatchObject({ preferred_username: 'bob', amr: ['pwd'] });
});

test('a wrong password or code is refused, and does not say which accounts exist', async () => {
  const { web, page } = await begin();

  const wrongPassword = await web.submit(page, { username: alice.username, password: 'wrong' });
  const wrongUser = await web.submit(wrongPassword, { username: 'nobody', password: 'wrong' });
  const second = await web.submit(wrongUser, { username: alice.username, password: alice.password });
  const wrongCode = await web.submit(second, { code: '000' });

  expect([wrongPassword.status, wrongUser.status, wrongCode.status]).toEqual([401, 401, 401]);
  expect(wrongUser.text).toBe(wrongPassword.text);
});

test('the second step cannot be reached without the first', async () => {
  const { web, page } = await begin();

  const skipped = await web.submit({ ...page, text: page.text.replace('/password"', '/code"') }, { code: oneTimeCode(alice) });

  expect(skipped.status).toBe(404);
});

test('signing out ends the provider’s session and returns to the client', async () => {
  const { web, tokens, page } = await begin();
  const landed = await web.submit(page, { username: bob.username, password: bob.password });
  const { id_token: idToken } = await tokens(landed.url);

  const url = openid.buildEndSessionUrl(configuration, { id_token_hint: idToken!, post_logout_redirect_uri: redirectUri });
  const back = await web.submit(await web.open(url.href), {});
  const again = await web.open(page.url);

  expect(back.text).toBe('back at the client');
  expect(again.status).toBe(400);
});

test('a refresh token gives a new ID token of the same user', async () => {
  const { web, tokens, page } = await begin();
  const landed = await web.submit(page, { username: bob.username, password: bob.password });
  const { refresh_token: refreshToken } = await tokens(landed.url);

  const renewed = await openid.refreshTokenGrant(configuration, refreshToken!);

  expect(renewed.claims()).toMatchObject({ preferred_username: 'bob', groups: ['staff'] });
});

test('it can be made unreachable, and comes back at the same address', async () => {
  await provider.setReachable(false);
  const refused = await fetch(`${provider.origin}/.well-known/openid-configuration`).catch((error: Error) => error.message);
  await provider.setReachable(true);
  const answered = await fetch(`${provider.origin}/.well-known/openid-configuration`);

  expect(refused).toBe('fetch failed');
  expect(answered.status).toBe(200);
});

test('a program on a user’s machine gets an access token for the API that it names, without a secret, at any port of loopback', async () => {
  const program = await openid.discovery(new URL(provider.origin), PROGRAM_CLIENT_ID, undefined, openid.None(), {
    execute: [openid.allowInsecureRequests],
  });
  const tokenFor = async (web: ReturnType<typeof createWebUser>, resource: string) => {
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(program, {
      redirect_uri: redirectUri,
      scope: 'openid read',
      resource,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const landed = await web.submit(await web.open(url.href), { username: bob.username, password: bob.password });
    const { access_token } = await openid.authorizationCodeGrant(program, new URL(landed.url), { pkceCodeVerifier: verifier });
    return { header: decodeProtectedHeader(access_token), claims: decodeJwt(access_token) };
  };
  const web = createWebUser();

  const orders = await tokenFor(web, 'https://orders.example.com/');
  const wiki = await tokenFor(web, 'https://wiki.example.com/');

  expect(orders.header).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
  expect(orders.claims).toMatchObject({ aud: 'https://orders.example.com/', scope: 'read', preferred_username: 'bob', groups: ['staff'] });
  expect(wiki.claims).toMatchObject({ aud: 'https://wiki.example.com/', scope: 'read' });
});
