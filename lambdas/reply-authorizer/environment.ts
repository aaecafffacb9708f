// What the Reply API's authorizer needs of its deployment.

export const ENVIRONMENT = ['MASTER_KEY_SECRET', 'SESSIONS_TABLE', 'DIRECTORY_TABLE', 'REGISTRY_TABLE'] as const;
