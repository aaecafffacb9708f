// Applications that learn who the user is from us, or from the connection: assertions that hold by the portal's keys, and NTLM, which
// remembers a connection. Two users at once through the whole path, and the application sees each as themselves.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createWebUser } from '../../simulator/web-user.ts';
import { type OwnConnector, startConnector } from '../support/connector.ts';
import { type NtlmAnswer, type NtlmOrigin, signInByNtlm, startNtlmOrigin } from '../support/ntlm.ts';
import { externalUrl } from '../support/publish.ts';
import { stranger, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const PASSWORDS = { bob: 'at the intranet, of bob', carol: 'at the intranet, of carol' };
type Name = keyof typeof PASSWORDS;
const NAMES = Object.keys(PASSWORDS) as Name[];
const GROUP = 'told';

let board: Server;
let intranet: NtlmOrigin;
let world: World;
let connectors: OwnConnector[];

beforeAll(async () => {
  board = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  board.listen(0, '127.0.0.1');
  await once(board, 'listening');
  intranet = await startNtlmOrigin(PASSWORDS);
  world = await startWorld();
  const boardUrl = `http://127.0.0.1:${(board.address() as AddressInfo).port}/`;
  // Two of them: what belongs to one connection has to find its connector.
  connectors = await Promise.all([1, 2].map(() => startConnector(world, GROUP, [boardUrl, intranet.url])));
  const application = (id: string, internalUrl: string, method: string) => ({
    id,
    name: id,
    externalUrl: `https://${id}.apps.sallyport.localhost/`,
    internalUrl,
    connectorGroup: GROUP,
    access: 'everyone',
    singleSignOn: { method },
  });
  await world.apply([application('board', boardUrl, 'assertion'), application('windows', intranet.url, 'ntlm')]);
}, 180_000);

afterAll(async () => {
  for (const connector of connectors ?? []) await connector.dispose();
  await world?.dispose();
  await intranet?.dispose();
  board?.close();
}, 60_000);

/** Their program, with the session that they have at the application. */
const signedIn = async (username: Name, url: string): Promise<UserProgram['fetch']> => {
  const web = createWebUser();
  const { password } = world.ready.users.find((user) => user.username === username)!;
  await web.submit(await web.open(url), { username, password });
  const cookie = web.cookieFor(url);
  await web.close();
  return (to, options = {}) => stranger.fetch(to, { ...options, headers: { ...options.headers, cookie } });
};

test('an application verifies by the portal’s keys who each request is of, whatever users say in the same field', async () => {
  const url = externalUrl(world, 'board');
  const programs = await Promise.all(NAMES.map((name) => signedIn(name, url)));
  const keys = JSON.parse((await stranger.fetch(`${world.ready.portal}.well-known/jwks.json`)).body.toString());
  const forged = { 'Sallyport-Assertion': 'forged', sallyport_assertion: 'forged' };

  const asked = Array.from({ length: 40 }, (_, index) => index % NAMES.length);
  const answers = await Promise.all(asked.map((index) => programs[index]!(url, { headers: forged })));

  const verified = await Promise.all(
    answers.map(async ({ body }) => {
      const headers = JSON.parse(body.toString());
      const { payload } = await jwtVerify(headers['sallyport-assertion'], createLocalJWKSet(keys), {
        issuer: new URL(world.ready.portal).origin,
        audience: 'https://board.apps.sallyport.localhost/',
        algorithms: ['ES256'],
      });
      return payload.username;
    }),
  );
  expect(verified).toEqual(asked.map((index) => NAMES[index]));
  expect(answers.map(({ body }) => body.toString()).join()).not.toContain('forged');
}, 60_000);

test('programs sign in by NTLM with the renamed challenge, and no connection to the application ever knows two users', async () => {
  const url = externalUrl(world, 'windows');
  const programs = await Promise.all(NAMES.map((name) => signedIn(name, url)));
  const ask = async (index: number, headers: Record<string, string> = {}): Promise<NtlmAnswer> => {
    const answer = await programs[index]!(url, { headers });
    const challenge = answer.headers['x-amzn-remapped-www-authenticate'] as string | undefined;
    return { status: answer.status, challenge, body: answer.body.toString() };
  };

  const before = await ask(0);
  const signIns = await Promise.all(
    NAMES.map((name, index) => signInByNtlm((authorization) => ask(index, { authorization }), name, PASSWORDS[name])),
  );
  const asked = Array.from({ length: 40 }, (_, index) => index % NAMES.length);
  const answers = await Promise.all(asked.map((index) => ask(index)));

  expect([before.status, before.challenge]).toEqual([401, 'NTLM']);
  expect(signIns.map(({ body }) => body)).toEqual(NAMES);
  expect(answers.map(({ body }) => body)).toEqual(asked.map((index) => NAMES[index]));
  expect([...intranet.known.values()].map((users) => [...users]).sort()).toEqual([['bob'], ['carol']]);
}, 60_000);
