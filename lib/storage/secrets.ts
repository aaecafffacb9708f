// The deployment's secrets: the master key that every other key is derived from, what the keys of assertions are derived from (fewer may
// read that), the keys that sign for SAML applications, and the client secret of each OpenID provider that gives one.
import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Tenant } from '../../tenants/schema.ts';
import { acknowledge } from '../acknowledge.ts';
import type { StorageProps } from './tables.ts';

/** Of 62 letters and digits: 381 bits. */
const MASTER_KEY_CHARACTERS = 64;

const hasSecret = (provider: Tenant['identityProviders'][number]): boolean =>
  provider.protocol === 'openid' && provider.clientAuthentication === 'secret';

export interface SecretsProps extends StorageProps {
  readonly providers: Tenant['identityProviders'];
}

export class Secrets extends Construct {
  readonly masterKey: ISecret;
  readonly assertion: ISecret;
  readonly saml: ISecret;
  /** By the provider's id. Placeholders until the administrator stores what the provider gave. */
  readonly clientSecrets: ReadonlyMap<string, ISecret>;
  readonly #key: IKey | null;

  constructor(scope: Construct, id: string, { providers, aws: { adopt }, key }: SecretsProps) {
    super(scope, id);
    this.#key = key;
    this.masterKey = this.#kept(
      'MasterKey',
      adopt?.masterKeySecretArn,
      'every key of the deployment is derived from this one',
      'A new master key ends tunnels and sign-ins at once, so an administrator chooses when.',
    );
    this.assertion = this.#kept(
      'Assertion',
      adopt?.assertionSecretArn,
      'the keys that sign assertions for applications are derived from this one',
      'The keys that are derived from it change every 30 days by themselves.',
    );
    this.saml = this.#kept(
      'Saml',
      adopt?.samlSecretArn,
      'the keys that sign for SAML applications; a placeholder until the deployment makes them',
      'Applications keep the certificate: its administrator changes it by samlKeys.',
    );
    this.clientSecrets = new Map(providers.filter(hasSecret).map((provider) => [provider.id, this.#clientSecret(provider.id)]));
  }

  /** Outlives the stack, as the tables do that are of no use without it. */
  #kept(id: string, adoptedArn: string | undefined, what: string, unrotated: string): ISecret {
    if (adoptedArn !== undefined)
      return Secret.fromSecretAttributes(this, id, { secretCompleteArn: adoptedArn, ...(this.#key && { encryptionKey: this.#key }) });
    return this.#made(id, what, unrotated, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }

  #clientSecret(provider: string): ISecret {
    return this.#made(
      `ClientSecret-${provider}`,
      `the client secret that the identity provider ${provider} issued; a placeholder until it is stored`,
      'The identity provider issues it: rotation begins there.',
      // Whoever takes the provider out has no use for it; Secrets Manager gives it back for 30 days.
      RemovalPolicy.DESTROY,
    );
  }

  #made(id: string, what: string, unrotated: string, removalPolicy: RemovalPolicy): ISecret {
    const secret = new Secret(this, id, {
      description: `Sallyport: ${what}`,
      generateSecretString: { passwordLength: MASTER_KEY_CHARACTERS, excludePunctuation: true },
      removalPolicy,
      ...(this.#key && { encryptionKey: this.#key }),
    });
    acknowledge(secret, 'AwsSolutions-SMG4', unrotated);
    return secret;
  }
}
