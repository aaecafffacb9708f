// The identity providers of a tenant file, as far as they are played here: those that speak OpenID Connect, each at its own path and with its
// own names for claims, and the stack's user pool. What is on this machine already, and what speaks SAML, is asked where it is.
import type { IdentityProviderSettings } from '../../tenants/identity-providers.ts';
import type { Tenant } from '../../tenants/schema.ts';
import { USER_POOL_ORIGIN, type UserPoolClient } from '../cognito-idp/user-pools.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { type Telling, USER_POOL } from './provider.ts';
import { MAIL_DOMAIN, type UserChanges } from './users.ts';

export interface PlayedProviders {
  /** Origins of issuers, and where they are played. */
  readonly addresses: Readonly<Record<string, string>>;
  /** The first issuer as users' browsers find it; null where none is played. */
  readonly issuer: string | null;
  /** Of the users' addresses at the first. */
  readonly mailDomain: string;
  /** Begins to sign users in for a deployed stack. */
  serve(stack: Stack): Promise<void>;
  /** False: all refuse connections, as when they are down. */
  setReachable(reachable: boolean): Promise<void>;
  /** False: there is no such user. */
  changeUser(username: string, changes: UserChanges): boolean;
  dispose(): Promise<void>;
}

export interface Stack {
  readonly outputs: Readonly<Record<string, string>>;
  /** Ends with `/`. */
  readonly portal: string;
  readonly userPoolClients: readonly UserPoolClient[];
  /** Stores a client secret where the output says, and gives it. */
  storeSecret(arn: string): Promise<string>;
}

export const startPlayedProviders = async ({ identityProviders }: Pick<Tenant, 'identityProviders'>): Promise<PlayedProviders> => {
  const played = identityProviders.flatMap(playedAs);
  const origins = identityProviders.length === 0 ? [USER_POOL_ORIGIN] : [...new Set(played.map(({ origin }) => origin))];
  const servers = new Map<string, IdentityProvider>();
  const dispose = async () => void (await Promise.all([...servers.values()].map((server) => server.dispose())));
  try {
    for (const origin of origins) servers.set(origin, await startIdentityProvider());
  } catch (error) {
    await dispose();
    throw error;
  }
  const all = [...servers.values()];
  let pool = '';

  return {
    addresses: Object.fromEntries([...servers].map(([origin, server]) => [origin, server.origin])),
    get issuer() {
      const [first] = played;
      if (first !== undefined) return servers.get(first.origin)!.origin + first.path;
      return identityProviders.length === 0 ? all[0]!.origin + pool : null;
    },
    mailDomain: played[0]?.telling.mailDomain ?? MAIL_DOMAIN,
    serve: async ({ outputs, portal, userPoolClients, storeSecret }) => {
      for (const { poolId, clientId, callbackUrls, logoutUrls } of userPoolClients) {
        const addresses = { redirectUris: callbackUrls, postLogoutRedirectUris: logoutUrls };
        pool = `/${poolId}`;
        await all[0]?.serve(pool, { clientId, clientSecret: null, telling: USER_POOL, ...addresses });
      }
      for (const { origin, path, number, clientId, telling } of played) {
        const secret = outputs[`ClientSecretArn${number}`];
        await servers.get(origin)!.serve(path, {
          clientId,
          clientSecret: secret === undefined ? null : await storeSecret(secret),
          redirectUris: [outputs[`RedirectUri${number}`]!],
          postLogoutRedirectUris: [`${portal}signed-out`],
          telling,
        });
      }
    },
    setReachable: async (reachable) => void (await Promise.all(all.map((server) => server.setReachable(reachable)))),
    changeUser: (username, changes) => all.map((server) => server.changeUser(username, changes)).some(Boolean),
    dispose,
  };
};

interface Played {
  readonly origin: string;
  /** To the letter: so are issuers compared. */
  readonly path: string;
  /** As the stack counts its providers. */
  readonly number: number;
  readonly clientId: string;
  readonly telling: Telling;
}

const playedAs = (settings: IdentityProviderSettings, index: number): Played[] => {
  const [, origin, path] = /^(https:\/\/[^/]+)(.*)$/i.exec(settings.issuer) ?? [];
  if (settings.protocol !== 'openid' || origin === undefined || path === undefined) return [];
  const { clientId, claims, secondFactor, emailDomains } = settings;
  const telling = { asUserPool: false, claims, secondFactor, mailDomain: emailDomains[0] ?? null };
  return [{ origin: origin.toLowerCase(), path, number: index + 1, clientId, telling }];
};
