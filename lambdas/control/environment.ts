// What the control API needs of its deployment. JSON lists: CLAIMS that an application's headers may carry, ALTERNATE_HOSTS that are served.

export const ENVIRONMENT = [
  'TENANT',
  'DOMAIN',
  'CLAIMS',
  'ALTERNATE_HOSTS',
  'REGISTRY_TABLE',
  'DIRECTORY_TABLE',
  'SESSIONS_TABLE',
  'PORTAL_URL',
  'ROUTER_LOG_GROUP',
  'TUNNEL_API_ENDPOINT',
] as const;
