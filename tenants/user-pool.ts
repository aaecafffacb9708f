// The user pool that the stack makes where the tenant file names no identity provider: its sign-in page is below a name that is made of
// the tenant's.
import { type LocatedFault, shown } from './faults.ts';
import { readIdentifier } from './settings.ts';

/** A prefix of 63 characters (Amazon Cognito), less `sallyport-`, a hyphen and the account's 12 digits. */
const TENANT_MAX_CHARACTERS = 40;
/** Amazon Cognito refuses prefixes with them. */
const RESERVED = /aws|amazon|cognito/;

/** One for each tenant of an account; no other account has it. */
export const signInPrefix = (tenant: string, account: string): string => `sallyport-${tenant}-${account}`;

/** Reads the name before it is known to be right. */
export const userPoolFaults = (rawTenant: unknown): LocatedFault[] => {
  const tenant = readIdentifier(rawTenant);
  if (tenant === undefined || (tenant.length <= TENANT_MAX_CHARACTERS && !RESERVED.test(tenant))) return [];
  return [
    {
      at: ['tenant'],
      path: 'tenant',
      expected: `${TENANT_MAX_CHARACTERS} characters at most, without aws, amazon and cognito, because there are no identityProviders`,
      got: shown(tenant),
      advice: 'The user pool’s sign-in page is called after it: choose another name, or name an identity provider.',
    },
  ];
};
