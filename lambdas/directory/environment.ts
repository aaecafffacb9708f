// What the directory's custom resource needs of its deployment.

export const ENVIRONMENT = ['TENANT', 'DIRECTORY_TABLE'] as const;
