// The least of a tenant file, and what is wrong with it when something is changed.
import { ConfigurationError, type Fault } from '../faults.ts';
import { parseTenant } from '../schema.ts';

export const wiki = {
  id: 'wiki',
  name: 'Wiki',
  externalUrl: 'https://wiki.apps.example.com/',
  internalUrl: 'http://wiki.corp/',
  access: 'everyone',
};
export const least = {
  tenant: 'example',
  domain: 'example.com',
  identityProviders: [{ id: 'main', issuer: 'https://login.example.com/', clientId: 'sallyport' }],
  applications: [wiki],
};

export const faultsIn = (raw: unknown): readonly Fault[] => {
  try {
    parseTenant(raw, 'x.yaml');
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
};
/** The faults of a file whose one application has these settings. */
export const faultsOf = (settings: Record<string, unknown>) => faultsIn({ ...least, applications: [{ ...wiki, ...settings }] });
export const faultsOfHeaders = (headers: Record<string, unknown>) => faultsOf({ singleSignOn: { method: 'headers', headers } });
export const application = (settings: Record<string, unknown>) =>
  parseTenant({ ...least, applications: [{ ...wiki, ...settings }] }, 'x').applications[0]!;
