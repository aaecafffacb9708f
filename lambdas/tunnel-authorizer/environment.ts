// What the Tunnel API's authorizer needs of its deployment.

export const ENVIRONMENT = ['TENANT', 'REGISTRY_TABLE'] as const;
