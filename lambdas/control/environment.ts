// What the control API needs of its deployment.

export const ENVIRONMENT = ['TENANT', 'DOMAIN', 'REGISTRY_TABLE', 'DIRECTORY_TABLE', 'SESSIONS_TABLE', 'PORTAL_URL'] as const;
