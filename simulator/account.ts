// The account and Region that the simulator plays. Everything that writes an ARN or a host name takes them from here.

export const ACCOUNT_ID = '123456789012';
export const REGION = 'us-east-1';
export const PARTITION = 'aws';
export const URL_SUFFIX = 'amazonaws.com';

/** `arn:aws:<service>:us-east-1:123456789012:<resource>`; IAM's and STS's have no Region. */
export const arn = (service: string, resource: string): string =>
  `arn:${PARTITION}:${service}:${service === 'iam' || service === 'sts' ? '' : REGION}:${ACCOUNT_ID}:${resource}`;
