// Whose request it is when a program asks: an access token of an identity provider of the tenant's, or a service token of ours, in the
// header that the application names, or as the password of HTTP Basic. One that is there decides: a bad one is refused, never passed over.
import type { JWTPayload } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { type AccessTokens, scopesOf } from '../identity/access-token.ts';
import type { ProviderProfile } from '../identity/provider-profile.ts';
import { showsSecondFactor } from '../identity/second-factor.ts';
import { toProgram, toUser } from '../identity/user-claims.ts';
import { digest } from '../keys.ts';
import type { Application, ServiceToken, TokenPolicy, User } from '../stores/records.ts';
import type { Caller } from './caller.ts';
import type { Clock } from './ports.ts';

/** What a service token of ours begins with, so that those who find one lying about know what it is. */
export const SERVICE_TOKEN = /^sallyport_([\w-]{43})$/;

export interface TokenPorts {
  readonly accessTokens: AccessTokens;
  /** May answer from memory. */
  readonly findServiceToken: (id: string) => Promise<ServiceToken | null>;
  /** From the store itself. */
  readonly freshServiceToken: (id: string) => Promise<ServiceToken | null>;
  readonly clock: Clock;
  /** Of the providers whose tokens are taken. */
  readonly issuers: readonly string[];
}

/** Null where no token is sent or none is taken. Throws ERR_TOKEN_INVALID, ERR_TOKEN_SCOPE, ERR_IDENTITY_PROVIDER_UNREACHABLE. */
export const authenticateToken = async (ports: TokenPorts, application: Application, headers: HeaderList): Promise<Caller | null> => {
  const policy = application.tokens;
  if (policy === null) return null;
  const token = tokenIn(headers, policy);
  if (token === null) return null;
  const [, secret] = SERVICE_TOKEN.exec(token) ?? [];
  if (secret !== undefined) return service(ports, await ports.findServiceToken(digest(secret)), application);
  if (policy.audience === null)
    throw new SallyportError('ERR_TOKEN_INVALID', `${application.id} takes no tokens of the identity provider.`);
  const { claims, provider } = await ports.accessTokens.verify(token, policy.audience);
  return byClaims(token, claims, provider, policy, ports);
};

/** The fields that carried a token for us, lower case: they are not the application's. */
export const tokenHeaders = ({ tokens }: Pick<Application, 'tokens'>, headers: HeaderList): readonly string[] => [
  ...(tokens !== null && bearerIn(headers, tokens) !== null ? [tokens.header.toLowerCase()] : []),
  ...(tokens?.basic && passwordIn(headers) !== null ? [AUTHORIZATION] : []),
];

const tokenIn = (headers: HeaderList, policy: TokenPolicy): string | null => {
  const token = bearerIn(headers, policy);
  const password = policy.basic ? passwordIn(headers) : null;
  // Two could be two programs', and each reader would take another one.
  if (token !== null && password !== null) throw new SallyportError('ERR_REQUEST_INVALID', 'The request has two tokens.');
  return token ?? password;
};

const AUTHORIZATION = 'authorization';

/** RFC 6750 §2.1; the scheme may be left out where the header is not HTTP's own. */
const bearerIn = (headers: HeaderList, { header }: TokenPolicy): string | null => {
  const value = onlyOf(headers, header);
  const [, token] = /^bearer +([\x21-\x7e]+)$/i.exec(value ?? '') ?? [];
  if (token !== undefined) return token;
  // Basic, Negotiate and others are the application's own affair.
  return header.toLowerCase() === AUTHORIZATION ? null : value;
};

/** What a token looks like: a service token of ours, or a JWT (a JSON map in base64url). Any other password is one of the application's own. */
const LIKE_TOKEN = /^(?:sallyport_[\x21-\x7e]*|eyJ[\w-]*\.[\w-]+\.[\w-]+)$/;

/** RFC 7617 §2: the user name says nothing; a password may have colons. */
const passwordIn = (headers: HeaderList): string | null => {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(onlyOf(headers, AUTHORIZATION) ?? '') ?? [];
  const pair = Buffer.from(encoded, 'base64').toString('latin1');
  const password = pair.slice(pair.indexOf(':') + 1);
  return pair.includes(':') && LIKE_TOKEN.test(password) ? password : null;
};

const onlyOf = (headers: HeaderList, wanted: string): string | null => {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted.toLowerCase()).map(([, value]) => value.trim());
  if (values.length > 1) throw new SallyportError('ERR_REQUEST_INVALID', `The request has more than one ${wanted} field.`);
  return values[0] ?? null;
};

const service = ({ freshServiceToken }: TokenPorts, token: ServiceToken | null, application: Application): Caller => {
  if (token === null || !application.tokens?.services || !token.applications.includes(application.id)) {
    throw new SallyportError('ERR_TOKEN_INVALID', `The service token is unknown, revoked, expired, or not for ${application.id}.`);
  }
  const name = `service:${token.name}`;
  const user: User = { issuer: 'sallyport', subject: name, username: name, name: token.name, email: '', groups: [], claims: {}, amr: [] };
  const userNow = async () => ((await freshServiceToken(token.id)) === null ? null : user);
  return {
    user,
    by: 'service',
    handle: token.id,
    token: null,
    mfa: false,
    authenticatedAt: null,
    expiresAt: token.expiresAt,
    session: null,
    keepUp: nothing,
    userNow,
  };
};

const byClaims = (token: string, claims: JWTPayload, provider: ProviderProfile, { scopes }: TokenPolicy, { clock }: TokenPorts): Caller => {
  const granted = scopesOf(claims);
  const missing = scopes.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) throw new SallyportError('ERR_TOKEN_SCOPE', `The token lacks the scope ${missing.join(' ')}.`);
  const client = clientOf(claims, provider);
  const user = client === null ? toUser(claims, provider) : toProgram(claims, provider, client);
  return {
    user,
    by: 'token',
    token,
    handle: digest(JSON.stringify([claims.iss, claims.sub, client])),
    mfa: showsSecondFactor(claims, provider.secondFactor),
    authenticatedAt: typeof claims.auth_time === 'number' ? claims.auth_time * 1000 : null,
    expiresAt: claims.exp! * 1000,
    session: null,
    keepUp: nothing,
    userNow: async () => (clock.now() < claims.exp! * 1000 ? user : null),
  };
};

/** A token has a time of its own, whether it is used or not. */
const nothing = async (): Promise<void> => undefined;

/** The program that acts for itself (client credentials); null where a user has a name in the token. */
const clientOf = (claims: JWTPayload, { claims: { username } }: ProviderProfile): string | null => {
  const client = claims.client_id ?? claims.azp ?? claims.appid;
  return claims[username] === undefined && typeof client === 'string' && isOwn(claims, client) ? client : null;
};

/** RFC 9068 §2.2: the subject of such a token is the client; Entra ID says so by `idtyp`. */
const isOwn = ({ sub, idtyp }: JWTPayload, client: string): boolean => sub === client || idtyp === 'app';
