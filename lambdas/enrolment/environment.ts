// What enrolment needs of its deployment.

export const ENVIRONMENT = ['TENANT', 'REGISTRY_TABLE', 'TUNNEL_API_URL'] as const;
