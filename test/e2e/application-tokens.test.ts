// Applications that want an access token of the identity provider: each request of each user through the whole path brings one that is
// theirs and the application's, which verifies it by the provider's keys. A program's token is exchanged as well.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Browser } from 'playwright-core';
import { createWebUser, type WebUser } from '../../simulator/web-user.ts';
import { startBrowser } from '../support/browser.ts';
import { type OwnConnector, startConnector } from '../support/connector.ts';
import { signInNatively } from '../support/native-client.ts';
import { externalUrl } from '../support/publish.ts';
import { type Answer, stranger, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const GROUP = 'tokens';
const NAMES = ['bob', 'carol'] as const;
const APPLICATIONS = ['payroll', 'orders'] as const;
const audienceOf = (id: string) => `https://${id}.corp.example`;

let api: Server;
/** Kept, as every such API does: the provider may be away. */
let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
let world: World;
let connector: OwnConnector;
let browser: Browser;

beforeAll(async () => {
  // An API that knows nobody but the provider: its path says which application it is.
  api = createServer(async (request, response) => {
    const [, id = ''] = request.url!.split('/');
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    keys ??= createRemoteJWKSet(new URL(`${world.ready.identityProvider}/jwks`));
    const options = { issuer: world.ready.identityProvider, audience: audienceOf(id), algorithms: ['RS256'], typ: 'at+jwt' };
    const verified = await jwtVerify(token, keys, options).catch((error: Error) => error.message);
    const answer =
      typeof verified === 'string' ? { refused: verified } : { user: verified.payload.preferred_username, scope: verified.payload.scope };
    response.writeHead('refused' in answer ? 401 : 200).end(JSON.stringify({ ...answer, token }));
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  world = await startWorld();
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;
  connector = await startConnector(world, GROUP, [url]);
  await world.apply(
    APPLICATIONS.map((id) => ({
      id,
      name: id,
      externalUrl: `https://${id}.apps.sallyport.localhost/`,
      internalUrl: `${url}${id}/`,
      connectorGroup: GROUP,
      access: 'everyone',
      tokens: { audience: externalUrl(world, id), scopes: ['read'] },
      singleSignOn: { method: 'token', audience: audienceOf(id), scopes: ['read'] },
    })),
  );
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await connector?.dispose();
  await world?.dispose();
  api?.close();
}, 60_000);

interface Seen {
  readonly user?: string;
  readonly scope?: string;
  readonly token: string;
}
const seen = ({ body }: Answer): Seen => JSON.parse(body.toString());

/** Their program, with the sessions that they have at both applications. */
const signedIn = async (username: string): Promise<UserProgram['fetch']> => {
  const web = createWebUser();
  const { password } = world.ready.users.find((user) => user.username === username)!;
  await web.submit(await web.open(externalUrl(world, APPLICATIONS[0])), { username, password });
  for (const id of APPLICATIONS) await web.open(externalUrl(world, id));
  const cookies = new Map(APPLICATIONS.map((id) => [externalUrl(world, id), web.cookieFor(externalUrl(world, id))]));
  await web.close();
  return (to, options = {}) => stranger.fetch(to, { ...options, headers: { ...options.headers, cookie: cookies.get(to)! } });
};

/** Who has signed in, and been at neither application. */
const atPortal = async (username: string): Promise<WebUser> => {
  const web = createWebUser();
  const { password } = world.ready.users.find((user) => user.username === username)!;
  await web.submit(await web.open(world.ready.portal), { username, password });
  return web;
};

describe('an application', () => {
  test('gets each user’s token, for itself, from two users at two applications at once; what users send in its place is gone', async () => {
    const programs = await Promise.all(NAMES.map(signedIn));
    const asked = Array.from({ length: 16 }, (_, index) => ({ name: NAMES[index % 2]!, id: APPLICATIONS[(index >> 1) % 2]! }));

    const answers = await Promise.all(
      asked.map(({ name, id }) =>
        programs[NAMES.indexOf(name)]!(externalUrl(world, id), { headers: { authorization: 'Basic Zm9yZ2VkOg==' } }),
      ),
    );

    expect(answers.map(seen)).toEqual(asked.map(({ name }) => ({ user: name, scope: 'read', token: expect.any(String) })));
    const tokens = new Map(answers.map((answer, index) => [seen(answer).token, `${asked[index]!.name} ${asked[index]!.id}`]));
    expect([...new Set(tokens.values())].sort()).toEqual(['bob orders', 'bob payroll', 'carol orders', 'carol payroll']);
    const logs = world.child.output() + connector.child.output();
    for (const token of tokens.keys()) expect(logs).not.toContain(token);
  }, 90_000);

  test('refuses the token of the other one, which is why it gets its own', async () => {
    const program = await signedIn('bob');
    const { token } = seen(await program(externalUrl(world, 'orders')));

    const direct = await fetch(`http://127.0.0.1:${(api.address() as AddressInfo).port}/payroll/`, {
      headers: { authorization: `Bearer ${token}` },
    });

    expect([direct.status, await direct.json()]).toEqual([401, { refused: expect.stringContaining('aud'), token }]);
  }, 60_000);

  test('gets a token of the user of a program, in exchange for the program’s', async () => {
    browser = await startBrowser();
    const page = await (await browser.newContext()).newPage();
    const resource = externalUrl(world, 'payroll');
    const { accessToken } = await signInNatively(world, world.ready.identityProvider, page, 'bob', { resource, scopes: ['read'] });

    const answer = await stranger.fetch(resource, { headers: { authorization: `Bearer ${accessToken}` } });

    expect(seen(answer)).toEqual({ user: 'bob', scope: 'read', token: expect.any(String) });
    expect(seen(answer).token).not.toBe(accessToken);
  }, 60_000);
});

test('while the provider is away, users without a token read so, and those who have one go on', async () => {
  const carol = await atPortal('carol');
  const bob = await signedIn('bob');
  await bob(externalUrl(world, 'orders'));
  await world.control('PUT', '/identity-provider', { reachable: false });
  try {
    const has = await bob(externalUrl(world, 'orders'));
    const lacks = await carol.open(externalUrl(world, 'orders'));

    expect(seen(has)).toMatchObject({ user: 'bob' });
    expect([lacks.status, lacks.text]).toEqual([502, expect.stringContaining('ERR_IDENTITY_PROVIDER_UNREACHABLE')]);
  } finally {
    await world.control('PUT', '/identity-provider', { reachable: true });
    await carol.close();
  }
}, 60_000);

test('a user who was disabled at the provider since they signed in gets no token, and is signed out', async () => {
  const web = await atPortal('carol');
  await world.control('PUT', '/identity-provider/users/carol', { disabled: true });

  const answer = await web.open(externalUrl(world, 'payroll'));
  const { url } = await web.open(world.ready.portal);
  await web.close();

  expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('ERR_SESSION_ENDED')]);
  expect(new URL(url).origin).toBe(world.ready.identityProvider);
}, 60_000);
