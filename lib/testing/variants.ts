// For tests: the tenant files whose stacks differ in more than their texts, by what they are about. Whatever is said of the template is said of each.
import type { Adopted, AwsSettings } from '../../tenants/aws.ts';
import type { Tenant } from '../../tenants/schema.ts';
import { exampleTenant } from './synthesise.ts';

const example = exampleTenant();
const [provider] = example.identityProviders;
if (provider?.protocol !== 'openid') throw new Error('The example has an OpenID provider first.');
const application = example.applications[0]!;
const region = 'eu-central-1';
const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:123456789012:${resource}`;
const secret = (name: string) => arn('secretsmanager', `secret:${name}-AbCdEf`);

/** What an earlier deployment left. */
export const ADOPTED: Adopted = {
  registryTable: 'left-registry',
  directoryTable: 'left-directory',
  sessionsTable: 'left-sessions',
  masterKeySecretArn: secret('left-master-key'),
  assertionSecretArn: secret('left-assertion'),
  samlSecretArn: secret('left-saml'),
  userPoolId: null,
};
const OF_THE_ACCOUNT: AwsSettings = {
  deletionProtection: true,
  kmsKeyArn: arn('kms', 'key/11111111-2222-3333-4444-555555555555'),
  webAclArn: arn('wafv2', 'regional/webacl/sallyport/11111111-2222-3333-4444-555555555555'),
  accessLogs: true,
};

export const VARIANTS: Readonly<Record<string, Partial<Tenant>>> = {
  'the example': {},
  'a user pool': { identityProviders: [] },
  'a provider that gives no secret': { identityProviders: [{ ...provider, clientAuthentication: 'none' }] },
  'two providers': { identityProviders: [provider, { ...provider, id: 'other', emailDomains: ['example.org'] }] },
  'a region and an account': { region: 'eu-north-1', account: '123456789012' },
  'a key, a firewall and logs of the account': { region, aws: OF_THE_ACCOUNT },
  'the same with a user pool': { region, aws: OF_THE_ACCOUNT, identityProviders: [] },
  'what an earlier deployment left': { region, aws: { ...example.aws, adopt: ADOPTED } },
  'what an earlier deployment left, under a key, with its user pool': {
    region,
    aws: { ...OF_THE_ACCOUNT, adopt: { ...ADOPTED, userPoolId: `${region}_Abc123` } },
    identityProviders: [],
  },
  'one application below apps.<domain>, and no CDN': { applications: [application], edge: undefined },
};
