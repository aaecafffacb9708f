// What the control API needs of its deployment. JSON lists: CLAIMS that an application's headers may carry, ALTERNATE_HOSTS that are served.
// READ_TIMEOUT: seconds that the CDN in front waits for a byte, or null.

export const ENVIRONMENT = [
  'TENANT',
  'DOMAIN',
  'CLAIMS',
  'ALTERNATE_HOSTS',
  'READ_TIMEOUT',
  'REGISTRY_TABLE',
  'DIRECTORY_TABLE',
  'SESSIONS_TABLE',
  'PORTAL_URL',
  'ROUTER_LOG_GROUP',
  'PORTAL_LOG_GROUP',
  'ENROLMENT_LOG_GROUP',
  'CONTROL_LOG_GROUP',
  'TUNNELS_LOG_GROUP',
  'TUNNEL_AUTHORIZER_LOG_GROUP',
  'REPLY_AUTHORIZER_LOG_GROUP',
  'DIRECTORY_LOG_GROUP',
  'TUNNEL_API_ENDPOINT',
  'REPLY_API_ENDPOINT',
] as const;
