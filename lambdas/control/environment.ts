// What the control API needs of its deployment. CLAIMS: a JSON list of the claims that an application's headers may carry.

export const ENVIRONMENT = ['TENANT', 'DOMAIN', 'CLAIMS', 'REGISTRY_TABLE', 'DIRECTORY_TABLE', 'PORTAL_URL'] as const;
