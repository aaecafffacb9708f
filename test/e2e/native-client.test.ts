// A program on a user's machine calls a published API: it learns from the refusal where to get a token, has the user sign in with the
// browser, and is let in as that user. Beside it, an application that needs `Authorization` for itself; and whatever is no good token.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Site, startSite } from '../../simulator/site/site.ts';
import { startBrowser } from '../support/browser.ts';
import { forgedTokens } from '../support/forged-tokens.ts';
import { signInNatively, type Tokens } from '../support/native-client.ts';
import { externalUrl } from '../support/publish.ts';
import { type Answer, stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let site: Site;
let world: World;
let browser: Browser;
let page: Page;
let tokens: Tokens;

const at = (id: string, path = 'whoami') => externalUrl(world, id) + path;
const call = (id: string, headers: Record<string, string> = {}) => stranger.fetch(at(id), { headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const seen = ({ body }: Answer): Record<string, string | undefined> => JSON.parse(body.toString()).headers;
/** API Gateway renames it; docs/limits.md says so to those who write programs. */
const challenge = ({ headers }: Answer): string => String(headers['x-amzn-remapped-www-authenticate']);
const problem = (answer: Answer) => ({ ...JSON.parse(answer.body.toString()), type: answer.headers['content-type'] });

beforeAll(async () => {
  site = await startSite();
  world = await startWorld('--publish', `orders=${site.url}`);
  const application = (id: string, settings: object) => ({
    id,
    name: id,
    externalUrl: `https://${id}.apps.sallyport.localhost/`,
    internalUrl: site.url,
    access: { groups: ['staff'] },
    singleSignOn: { method: 'headers', headers: { 'Remote-User': 'username' } },
    ...settings,
  });
  const policy = { audience: externalUrl(world, 'orders'), scopes: ['read'] };
  await world.apply([
    application('orders', { tokens: policy }),
    application('ledger', { tokens: { ...policy, header: 'X-Access-Token' } }),
    application('wiki', {}),
  ]);
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await site?.dispose();
}, 60_000);

describe('a native client', () => {
  test('learns from the refusal where to get a token, and for what (RFC 9728)', async () => {
    const refused = await call('orders');

    const url = /\bBearer resource_metadata="([^"]+)"$/.exec(challenge(refused))?.[1] ?? '';
    const metadata = JSON.parse((await stranger.fetch(url)).body.toString());
    expect([refused.status, problem(refused).code]).toEqual([401, 'ERR_SIGN_IN_REQUIRED']);
    expect(metadata).toMatchObject({
      resource: externalUrl(world, 'orders'),
      authorization_servers: [world.ready.identityProvider],
      scopes_supported: ['read'],
    });
    tokens = await signInNatively(world, metadata.authorization_servers[0], page, 'bob', {
      resource: metadata.resource,
      scopes: metadata.scopes_supported,
    });
  }, 60_000);

  test('with it is let in as the user, whose token the application never sees', async () => {
    const answer = await call('orders', bearer(tokens.accessToken));

    expect(answer.status).toBe(200);
    expect(seen(answer)).toMatchObject({ 'remote-user': 'bob' });
    expect(seen(answer).authorization).toBeUndefined();
  });

  test('brings it in another header where the application needs Authorization for itself', async () => {
    const own = { authorization: `Basic ${Buffer.from('bob:builder').toString('base64')}` };

    const answer = await call('ledger', { ...own, 'x-access-token': `Bearer ${tokens.accessToken}` });
    const without = await call('ledger', own);

    expect(answer.status).toBe(200);
    expect(seen(answer)).toMatchObject({ 'remote-user': 'bob', ...own });
    expect(seen(answer)['x-access-token']).toBeUndefined();
    expect(without.status).toBe(401);
  });

  test('is not let in with it where no tokens are taken, nor as a user whom the application does not know', async () => {
    const policy = { resource: externalUrl(world, 'orders'), scopes: ['read'] };
    const another = await (await browser.newContext()).newPage();
    const carol = await signInNatively(world, world.ready.identityProvider, another, 'carol', policy);

    const elsewhere = await call('wiki', bearer(tokens.accessToken));
    const denied = await call('orders', bearer(carol.accessToken));

    expect([elsewhere.status, problem(elsewhere).code]).toEqual([401, 'ERR_SIGN_IN_REQUIRED']);
    expect([denied.status, problem(denied).code]).toEqual([403, 'ERR_ACCESS_DENIED']);
  }, 60_000);
});

describe('what is no good token is refused with the error of RFC 6750, before anything reaches the application:', () => {
  const refusal = async (token: string, id = 'orders') => {
    const answer = await call(id, id === 'ledger' ? { 'x-access-token': token } : bearer(token));
    const { type, code, status } = problem(answer);
    return { type, code, status, error: /^Bearer error="(\w+)"/.exec(challenge(answer))?.[1], wholly: answer.status === status };
  };
  const INVALID = { type: 'application/problem+json', code: 'ERR_TOKEN_INVALID', status: 401, error: 'invalid_token', wholly: true };

  test('one for another audience', async () => {
    const asked = { resource: externalUrl(world, 'wiki'), scopes: ['read'] };

    const { accessToken } = await signInNatively(world, world.ready.identityProvider, page, 'bob', asked);

    expect(await refusal(accessToken)).toEqual(INVALID);
  }, 60_000);

  test('one without the scope, and which is told', async () => {
    const asked = { resource: externalUrl(world, 'orders'), scopes: ['write'] };

    const { accessToken } = await signInNatively(world, world.ready.identityProvider, page, 'bob', asked);

    expect(await refusal(accessToken)).toEqual({ ...INVALID, code: 'ERR_TOKEN_SCOPE', status: 403, error: 'insufficient_scope' });
    expect(challenge(await call('orders', bearer(accessToken)))).toContain('scope="read"');
  }, 60_000);

  test('the ID token of the same sign-in', async () => {
    expect(await refusal(tokens.idToken)).toEqual(INVALID);
  });

  test('whatever can be made of a good one without the provider’s key, in either header', async () => {
    const keys = await fetch(`${world.ready.identityProvider}/jwks`);
    const { keys: published } = (await keys.json()) as { keys: Record<string, unknown>[] };
    const forged = forgedTokens(tokens.accessToken, published);

    const answers: (readonly [attack: string, at: string, answer: object])[] = [];
    // One after another: all at once would begin a hundred environments.
    for (const [attack, token] of forged) {
      for (const id of ['orders', 'ledger']) answers.push([attack, id, await refusal(token, id)]);
    }

    expect(answers.length).toBeGreaterThan(80);
    expect(answers.filter(([, , answer]) => JSON.stringify(answer) !== JSON.stringify(INVALID))).toEqual([]);
    // And the good one is still good.
    expect((await call('orders', bearer(tokens.accessToken))).status).toBe(200);
  }, 60_000);
});
