// What the directory's custom resources need of its deployment.

export const ENVIRONMENT = ['TENANT', 'DIRECTORY_TABLE', 'SAML_SECRET', 'SESSIONS_TABLE', 'REPLY_API_ENDPOINT'] as const;
