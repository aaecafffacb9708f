// What the portal needs of its deployment.

export const ENVIRONMENT = [
  'TENANT',
  'APPEARANCE',
  'DIRECTORY_TABLE',
  'SESSIONS_TABLE',
  'REGISTRY_TABLE',
  'MASTER_KEY_SECRET',
  'CLIENT_SECRET_SECRET',
  'ISSUER',
  'CLIENT_ID',
  'SCOPES',
  'CLAIMS',
  'SECOND_FACTOR',
  'SESSION_LIFETIME_MINUTES',
  'PORTAL_URL',
] as const;
