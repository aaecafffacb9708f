// User pools of the template. Differs from AWS: who signs users in for a pool is the simulator's identity provider, with its test users
// (identity-provider/), at the pool's own issuer; what the pool asks of passwords and second factors changes nothing there.
import { randomBytes } from 'node:crypto';
import { arn, REGION, URL_SUFFIX } from '../account.ts';
import { allowOnly } from '../cloudformation/properties.ts';
import type { ResourceRequest, ResourceTypes } from '../services.ts';

export interface UserPoolClient {
  readonly poolId: string;
  readonly clientId: string;
  readonly callbackUrls: readonly string[];
  readonly logoutUrls: readonly string[];
}

export interface UserPools {
  readonly resources: ResourceTypes;
  /** Those that a sign-in page serves: the pool has a domain. */
  clients(): readonly UserPoolClient[];
}

/** Where pools' issuers are. */
export const USER_POOL_ORIGIN = `https://cognito-idp.${REGION}.${URL_SUFFIX}`;

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PREFIX = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RESERVED = /aws|amazon|cognito/;

export const createUserPools = (): UserPools => {
  const pools = new Set<string>();
  const domains = new Map<string, string>();
  const clients: UserPoolClient[] = [];

  const poolOf = ({ properties: { UserPoolId: id } }: ResourceRequest): string => {
    if (typeof id !== 'string' || !pools.has(id)) throw new Error(`there is no user pool ${String(id)}`);
    return id;
  };

  return {
    resources: {
      'AWS::Cognito::UserPool': async (request) => {
        allowOnly(request, [
          'AccountRecoverySetting',
          'AdminCreateUserConfig',
          'AutoVerifiedAttributes',
          'DeletionProtection',
          'EmailVerificationMessage',
          'EmailVerificationSubject',
          'EnabledMfas',
          'MfaConfiguration',
          'Policies',
          'SmsVerificationMessage',
          'UserAttributeUpdateSettings',
          'UserPoolTags',
          'UsernameAttributes',
          'VerificationMessageTemplate',
        ]);
        const id = `${REGION}_${identifier(9)}`;
        pools.add(id);
        const issuer = `${USER_POOL_ORIGIN}/${id}`;
        return {
          ref: id,
          attributes: {
            Arn: arn('cognito-idp', `userpool/${id}`),
            UserPoolId: id,
            ProviderURL: issuer,
            ProviderName: issuer.slice('https://'.length),
          },
        };
      },
      'AWS::Cognito::UserPoolDomain': async (request) => {
        allowOnly(request, ['Domain', 'UserPoolId']);
        const prefix = String(request.properties.Domain);
        if (!PREFIX.test(prefix) || RESERVED.test(prefix)) throw new Error(`${prefix} is no prefix of a domain`);
        if (domains.has(prefix)) throw new Error(`the domain ${prefix} exists already`);
        domains.set(prefix, poolOf(request));
        return { ref: prefix };
      },
      'AWS::Cognito::UserPoolClient': async (request) => {
        allowOnly(request, [
          'AllowedOAuthFlows',
          'AllowedOAuthFlowsUserPoolClient',
          'AllowedOAuthScopes',
          'CallbackURLs',
          'EnableTokenRevocation',
          'ExplicitAuthFlows',
          'GenerateSecret',
          'LogoutURLs',
          'PreventUserExistenceErrors',
          'RefreshTokenValidity',
          'SupportedIdentityProviders',
          'TokenValidityUnits',
          'UserPoolId',
        ]);
        const { properties } = request;
        if (properties.GenerateSecret === true) throw new Error('a client with a secret is not simulated');
        const flows = texts(properties.AllowedOAuthFlows);
        if (properties.AllowedOAuthFlowsUserPoolClient !== true || flows.join() !== 'code')
          throw new Error('only the flow code is simulated');
        const client = {
          poolId: poolOf(request),
          clientId: identifier(26),
          callbackUrls: texts(properties.CallbackURLs),
          logoutUrls: texts(properties.LogoutURLs),
        };
        clients.push(client);
        return { ref: client.clientId, attributes: { ClientId: client.clientId } };
      },
    },
    clients: () => clients.filter(({ poolId }) => [...domains.values()].includes(poolId)),
  };
};

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const identifier = (length: number): string => [...randomBytes(length)].map((byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join('');
