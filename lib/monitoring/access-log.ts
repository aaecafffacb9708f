// What API Gateway logs of each request where the tenant wants it: no query, in which one-time codes and tickets are, and no field that the
// client chose, such as cookies and the name of its program.
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { keepLog } from './log-group.ts';

const COMMON = ['requestId', 'requestTimeEpoch', 'identity.sourceIp', 'domainName', 'status'];
const FIELDS = {
  rest: [...COMMON, 'httpMethod', 'path', 'protocol', 'responseLength', 'responseLatency'],
  http: [...COMMON, 'httpMethod', 'path', 'protocol', 'responseLength', 'responseLatency'],
  webSocket: [...COMMON, 'eventType', 'routeKey', 'connectionId'],
} as const;

export interface AccessLog {
  readonly group: LogGroup;
  readonly format: AccessLogFormat;
}

/** Undefined where it is not wanted. */
export const accessLog = (scope: Construct, kind: keyof typeof FIELDS, isWanted: boolean): AccessLog | undefined => {
  if (!isWanted) return undefined;
  // Each value is in quotes: what API Gateway does not know is `-`, which is no JSON.
  const line = Object.fromEntries(FIELDS[kind].map((name) => [name.replace('identity.', ''), `$context.${name}`]));
  return { group: keepLog(scope, 'AccessLog'), format: AccessLogFormat.custom(JSON.stringify(line)) };
};

/** Where there is none, the reason is written down. */
export const acknowledgeNoLog = (stage: Construct, log: AccessLog | undefined, reason: string): void => {
  if (log === undefined) acknowledge(stage, 'AwsSolutions-APIG1', reason);
};
