// For tests: the tenant files whose stacks differ in more than their texts, by what they are about. Whatever is said of the template is said of each.
import type { Tenant } from '../../tenants/schema.ts';
import { exampleTenant } from './synthesise.ts';

const example = exampleTenant();
const [provider] = example.identityProviders;
if (provider?.protocol !== 'openid') throw new Error('The example has an OpenID provider first.');
const application = example.applications[0]!;

export const VARIANTS: Readonly<Record<string, Partial<Tenant>>> = {
  'the example': {},
  'a user pool': { identityProviders: [] },
  'a provider that gives no secret': { identityProviders: [{ ...provider, clientAuthentication: 'none' }] },
  'two providers': { identityProviders: [provider, { ...provider, id: 'other', emailDomains: ['example.org'] }] },
  'a region and an account': { region: 'eu-north-1', account: '123456789012' },
  'one application below apps.<domain>, and no CDN': { applications: [application], edge: undefined },
};
