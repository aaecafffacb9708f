// What the relay of users' WebSockets needs of its deployment.

export const ENVIRONMENT = ['TENANT', 'MASTER_KEY_SECRET', 'REGISTRY_TABLE', 'SESSIONS_TABLE', 'TUNNEL_API_ENDPOINT'] as const;
