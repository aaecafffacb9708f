// What the router needs of its deployment.

export const ENVIRONMENT = [
  'TENANT',
  'APPEARANCE',
  'REGISTRY_TABLE',
  'DIRECTORY_TABLE',
  'SESSIONS_TABLE',
  'MASTER_KEY_SECRET',
  'ASSERTION_SECRET',
  'TUNNEL_API_ENDPOINT',
  'REPLY_API_URL',
  'PORTAL_URL',
  'IDENTITY_PROVIDERS',
] as const;
