// What the Tunnel API's functions need of their deployment.

export const ENVIRONMENT = [
  'TENANT',
  'REGISTRY_TABLE',
  'DIRECTORY_TABLE',
  'MASTER_KEY_SECRET',
  'REPLY_ROLE_ARN',
  'REPLY_API_ENDPOINT',
] as const;
