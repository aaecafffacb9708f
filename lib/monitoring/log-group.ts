// Log groups: kept for three months, and when the stack goes; a first deployment that fails takes its own away again.
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnLogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export const keepLog = (scope: Construct, id: string): LogGroup =>
  new LogGroup(scope, id, { retention: RetentionDays.THREE_MONTHS, removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE });

/** Encrypts every log below with the key, which must let CloudWatch Logs use it. */
export const encryptLogs = (scope: Construct, keyArn: string): void => {
  for (const child of scope.node.findAll()) if (child instanceof CfnLogGroup) child.kmsKeyId = keyArn;
};
