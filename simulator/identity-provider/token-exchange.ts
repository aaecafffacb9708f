// Token exchange (RFC 8693) at the simulator's identity provider, as companies' providers do it for the tenant's client: for a user's
// access token, opaque or a JSON Web Token of its own, one for the audience that is asked for.
import { type CryptoKey, jwtVerify } from 'jose';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PARAMETERS = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope'];

export interface TokenExchangeOptions {
  readonly publicKey: CryptoKey;
  /** Whether there is such a user, who may go on. */
  readonly isAccount: (accountId: string) => boolean;
  /** What an application may be told that a token allows. */
  readonly scopes: readonly string[];
}

export const registerTokenExchange = async (provider: Provider, { publicKey, isAccount, scopes }: TokenExchangeOptions): Promise<void> => {
  const { errors } = await import('oidc-provider');

  const ownerOf = async (token: string): Promise<string | undefined> => {
    const kept = await provider.AccessToken.find(token);
    if (kept !== undefined) return kept.accountId;
    const verified = await jwtVerify(token, publicKey, { issuer: provider.issuer, typ: 'at+jwt' }).catch(() => null);
    return verified?.payload.sub;
  };

  const exchange = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { client, params = {} } = ctx.oidc;
    const { subject_token: subject, subject_token_type: type, audience, scope = '' } = params as Record<string, string | undefined>;
    if (client === undefined || subject === undefined || type !== ACCESS_TOKEN)
      throw new errors.InvalidRequest(`subject_token of type ${ACCESS_TOKEN} is expected`);
    if (audience === undefined || audience === '') throw new errors.InvalidTarget('audience is expected');
    const accountId = await ownerOf(subject);
    if (accountId === undefined || !isAccount(accountId)) throw new errors.InvalidGrant('subject_token is not good');

    const granted = scope.split(' ').filter((each) => scopes.includes(each));
    const given = new provider.AccessToken({ client, accountId, gty: 'token_exchange', scope: granted.join(' ') || undefined } as never);
    given.resourceServer = new provider.ResourceServer(audience, {
      scope: scopes.join(' '),
      audience,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    });
    ctx.oidc.entity('AccessToken', given);
    ctx.body = {
      access_token: await given.save(),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: given.expiration,
      ...(given.scope && { scope: given.scope }),
    };
  };
  provider.registerGrantType(TOKEN_EXCHANGE, exchange, PARAMETERS);
};
