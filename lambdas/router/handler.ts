// Composes the router's function. Secret and reply socket are begun at initialisation, side by side, and awaited by the first exchange.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { INVOCATION_RESERVE_MS } from '../../protocol/limits.ts';
import { createLog } from '../../protocol/log.ts';
import { readEdge } from '../edge.ts';
import { readEnvironment } from '../environment.ts';
import { createAccessTokens } from '../identity/access-token.ts';
import { createProviderKeys } from '../identity/provider-keys.ts';
import { readIdentityProviders } from '../identity/provider-profile.ts';
import { frameKey, randomSecret, ticketKey, uploadKey } from '../keys.ts';
import { readLook } from '../pages/look.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createTokenOf } from './application-token.ts';
import { createAskRefresh, createAskToken, createLambdaClient, createWaitingLambdaClient } from './ask-portal.ts';
import { createAssertUser } from './assertion.ts';
import type { ProxyEvent } from './canonical-request.ts';
import { systemClock as clock } from './clock.ts';
import { dial } from './dial.ts';
import { ENVIRONMENT } from './environment.ts';
import { createKeepUp } from './keep-up.ts';
import { lambdaResponse } from './lambda-response.ts';
import { createManagementClient, createPostFrame } from './post.ts';
import { ReplySocket } from './reply-socket.ts';
import { createRouter } from './router.ts';
import { createStores } from './stores.ts';
import { signTicket } from './ticket.ts';

const env = readEnvironment(ENVIRONMENT);
const log = createLog({ fields: { tenant: env.TENANT, function: 'router' } });
const secrets = createSecretsClient();
const masterKey = createSecret(secrets, env.MASTER_KEY_SECRET);
const ticket = async () => signTicket(ticketKey(await masterKey.read()), Date.now());
const channel = new ReplySocket({ url: env.REPLY_API_URL, dial, ticket, clock, log });
channel.address().catch(() => undefined);

const providers = readIdentityProviders(env.IDENTITY_PROVIDERS).filter(({ protocol }) => protocol === 'openid');
const stores = createStores(env, clock);

/** Built beside this bundle (lib/function-code.ts), and read when it is wanted. */
const pageScript = (name: string): (() => string) => {
  let script: string | null = null;
  return () => {
    script ??= readFileSync(new URL(`./${name}.js`, import.meta.url), 'utf8');
    return script;
  };
};

const router = createRouter({
  edge: readEdge(env.EDGE),
  look: readLook(env.APPEARANCE),
  portalUrl: env.PORTAL_URL,
  post: createPostFrame(createManagementClient(env.TUNNEL_API_ENDPOINT)),
  frameKeyOf: async (tunnel) => frameKey(await masterKey.read(), tunnel),
  uploadScript: pageScript('upload'),
  uploadKey: async () => uploadKey(await masterKey.read()),
  accessTokens: createAccessTokens({
    issuers: providers.map((profile) => ({ profile, keys: createProviderKeys({ issuer: profile.issuer, now: clock.now }) })),
    now: clock.now,
  }),
  assertUser: createAssertUser({
    secret: createSecret(secrets, env.ASSERTION_SECRET).read,
    portalUrl: new URL(env.PORTAL_URL).origin,
    now: clock.now,
    newId: randomUUID,
  }),
  tokenOf: createTokenOf({ ask: createAskToken(createWaitingLambdaClient(), env.PORTAL_FUNCTION), now: clock.now }),
  issuers: providers.map(({ issuer }) => issuer),
  keepUp: createKeepUp({ ...stores, askRefresh: createAskRefresh(createLambdaClient(), env.PORTAL_FUNCTION), clock, log }),
  ticketKey: async () => ticketKey(await masterKey.read()),
  replyUrl: env.REPLY_API_URL,
  socketScript: pageScript('socket'),
  workerScript: pageScript('worker'),
  asideScript: pageScript('aside'),
  signInAgainScript: { offer: pageScript('sign-in-offered'), 'at-once': pageScript('sign-in-at-once') },
  ...stores,
  ...{ channel, clock, log, random: Math.random, newSecret: randomSecret, newExchangeId: randomSecret },
});

export const handler = awslambda.streamifyResponse<ProxyEvent>(async (event, stream, context) => {
  context.callbackWaitsForEmptyEventLoop = false;
  const response = lambdaResponse(stream, clock);
  await router(event, response, Date.now() + context.getRemainingTimeInMillis() - INVOCATION_RESERVE_MS);
});
