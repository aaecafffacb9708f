// The deployment's secrets: the master key that every other key is derived from, what the keys of assertions are derived from (fewer may
// read that), the keys that sign for SAML applications, and the client secret of each OpenID provider that gives one.
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Tenant } from '../../tenants/schema.ts';
import { acknowledge } from '../acknowledge.ts';

/** Of 62 letters and digits: 381 bits. */
const MASTER_KEY_CHARACTERS = 64;

const hasSecret = (provider: Tenant['identityProviders'][number]): boolean =>
  provider.protocol === 'openid' && provider.clientAuthentication === 'secret';

export class Secrets extends Construct {
  readonly masterKey: Secret;
  readonly assertion: Secret;
  readonly saml: Secret;
  /** By the provider's id. Placeholders until the administrator stores what the provider gave. */
  readonly clientSecrets: ReadonlyMap<string, Secret>;

  constructor(scope: Construct, id: string, providers: Tenant['identityProviders']) {
    super(scope, id);
    this.masterKey = new Secret(this, 'MasterKey', {
      description: 'Sallyport: every key of the deployment is derived from this one',
      generateSecretString: { passwordLength: MASTER_KEY_CHARACTERS, excludePunctuation: true },
    });
    this.assertion = new Secret(this, 'Assertion', {
      description: 'Sallyport: the keys that sign assertions for applications are derived from this one',
      generateSecretString: { passwordLength: MASTER_KEY_CHARACTERS, excludePunctuation: true },
    });
    this.saml = new Secret(this, 'Saml', {
      description: 'Sallyport: the keys that sign for SAML applications; a placeholder until the deployment makes them',
      generateSecretString: { passwordLength: MASTER_KEY_CHARACTERS, excludePunctuation: true },
    });
    this.clientSecrets = new Map(providers.filter(hasSecret).map((provider) => [provider.id, this.#clientSecret(provider.id)]));
    acknowledge(
      this.masterKey,
      'AwsSolutions-SMG4',
      'A new master key ends tunnels and sign-ins at once, so an administrator chooses when.',
    );
    acknowledge(this.saml, 'AwsSolutions-SMG4', 'Applications keep the certificate: its administrator changes it by samlKeys.');
    acknowledge(this.assertion, 'AwsSolutions-SMG4', 'The keys that are derived from it change every 30 days by themselves.');
  }

  #clientSecret(provider: string): Secret {
    const secret = new Secret(this, `ClientSecret-${provider}`, {
      description: `Sallyport: the client secret that the identity provider ${provider} issued; a placeholder until it is stored`,
      generateSecretString: { passwordLength: MASTER_KEY_CHARACTERS, excludePunctuation: true },
    });
    acknowledge(secret, 'AwsSolutions-SMG4', 'The identity provider issues it: rotation begins there.');
    return secret;
  }
}
