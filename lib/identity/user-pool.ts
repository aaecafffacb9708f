// Where users sign in when the tenant file names no identity provider: a user pool of Amazon Cognito with its own sign-in page, in which
// administrators make the users. The portal is a public client of it, so there is no secret to keep (docs/decisions/0017).
import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRecovery, type IUserPool, Mfa, OAuthScope, UserPool, UserPoolClientIdentityProvider } from 'aws-cdk-lib/aws-cognito';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { AwsSettings } from '../../tenants/aws.ts';
import type { OpenIdSettings } from '../../tenants/identity-providers.ts';
import type { Tenant } from '../../tenants/schema.ts';
import { signInPrefix } from '../../tenants/user-pool.ts';
import { acknowledge } from '../acknowledge.ts';

export interface TenantUserPoolProps {
  readonly tenant: Pick<Tenant, 'tenant' | 'sessionLifetimeMinutes' | 'aws'>;
  readonly portalUrl: string;
}

/** In the redirect URI. */
const PROVIDER_ID = 'users';
const PASSWORD_MIN_CHARACTERS = 14;
/** Amazon Cognito's least. */
const REFRESH_MIN_MINUTES = 60;

export class TenantUserPool extends Construct {
  readonly pool: IUserPool;
  /** As the tenant file would have described it; issuer and client are known once it is deployed. */
  readonly provider: OpenIdSettings;

  constructor(scope: Construct, id: string, { tenant, portalUrl }: TenantUserPoolProps) {
    super(scope, id);
    const { adopt, webAclArn } = tenant.aws;
    this.pool = adopt?.userPoolId ? UserPool.fromUserPoolId(this, 'Pool', adopt.userPoolId) : this.#made(tenant.aws);
    if (webAclArn !== null) new CfnWebACLAssociation(this, 'Firewall', { webAclArn, resourceArn: this.pool.userPoolArn });
    this.pool.addDomain('SignIn', { cognitoDomain: { domainPrefix: signInPrefix(tenant.tenant, Aws.ACCOUNT_ID) } });
    const client = this.pool.addClient('Portal', {
      generateSecret: false,
      // The sign-in page alone: with an API flow anyone could try passwords past it, and change a user's attributes.
      authFlows: { userSrp: false },
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.PROFILE, OAuthScope.EMAIL],
        callbackUrls: [`${portalUrl}/callback/${PROVIDER_ID}`],
        logoutUrls: [`${portalUrl}/signed-out`],
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      refreshTokenValidity: Duration.minutes(Math.max(tenant.sessionLifetimeMinutes, REFRESH_MIN_MINUTES)),
    });
    const { region, urlSuffix } = Stack.of(this);
    this.provider = {
      protocol: 'openid',
      id: PROVIDER_ID,
      name: null,
      emailDomains: [],
      issuer: `https://cognito-idp.${region}.${urlSuffix}/${this.pool.userPoolId}`,
      clientId: client.userPoolClientId,
      scopes: ['openid', 'profile', 'email'],
      groupsFrom: 'claims',
      clientAuthentication: 'none',
      signOut: 'cognito',
      // Its own user names are numbers of chance; the address is what administrators know, and is verified.
      claims: { username: 'email', name: 'name', email: 'email', groups: 'cognito:groups', further: [] },
      secondFactor: { amr: ['mfa'], acr: [] },
    };
  }

  #made({ deletionProtection }: AwsSettings): UserPool {
    const pool = new UserPool(this, 'Pool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      // A new address counts once its owner has shown that it is theirs.
      keepOriginal: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: PASSWORD_MIN_CHARACTERS,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      // Its sign-in page offers to set an authenticator up only where one is required. No telephone: messages are intercepted.
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      enableSmsRole: false,
      deletionProtection: deletionProtection,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(
      pool,
      'AwsSolutions-COG8',
      'Threat protection is of a feature plan that costs for each user: who wants it turns it on for the pool.',
    );
    return pool;
  }
}
