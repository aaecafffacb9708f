// What the two WebSocket APIs have in common: their stage, its throttling, who may post to it, and the rules that do not fit them.
import { Stack } from 'aws-cdk-lib';
import {
  type CfnStage,
  LogGroupLogDestination,
  type ThrottleSettings,
  type WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { accessLog, acknowledgeNoLog } from '../monitoring/access-log.ts';

const SOCKET_STAGE = 'live';

/** A second: AWS lets an account open 500 connections, and ask 10,000 times (in some regions 2,500). Strangers may dial, so dialling has a rate
 * of its own, and none of them keeps heartbeats out. */
export interface SocketThrottle {
  readonly connect: ThrottleSettings;
  /** Each other route: what connectors send, and users over their WebSockets. */
  readonly messages: ThrottleSettings;
}
export const TUNNELS_THROTTLE: SocketThrottle = {
  connect: { rateLimit: 100, burstLimit: 100 },
  messages: { rateLimit: 500, burstLimit: 500 },
};
export const REPLIES_THROTTLE: SocketThrottle = {
  connect: { rateLimit: 300, burstLimit: 300 },
  messages: { rateLimit: 5000, burstLimit: 5000 },
};

export interface SocketStageProps {
  readonly throttle: SocketThrottle;
  readonly accessLogs: boolean;
}

export const addSocketStage = (scope: Construct, api: WebSocketApi, { throttle, accessLogs }: SocketStageProps): WebSocketStage => {
  const log = accessLog(scope, 'webSocket', accessLogs);
  const stage = new WebSocketStage(scope, 'Stage', {
    webSocketApi: api,
    stageName: SOCKET_STAGE,
    autoDeploy: true,
    throttle: throttle.messages,
    ...(log && { accessLogSettings: { destination: new LogGroupLogDestination(log.group), format: log.format } }),
  });
  const { rateLimit, burstLimit } = throttle.connect;
  (stage.node.defaultChild as CfnStage).routeSettings = {
    $connect: { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
  };
  // CloudFormation makes side by side what does not refer to each other; a stage whose API has no route yet cannot be deployed.
  stage.node.addDependency(api);
  acknowledge(api, 'AwsSolutions-APIG4', 'A WebSocket is authorised once, at $connect: its other routes cannot have an authorizer.');
  acknowledgeNoLog(stage, log, 'The functions log what happens on a tunnel; an access log would bill a line for every frame.');
  return stage;
};

/** Lets the role do one thing to the stage's connections: post to them, or close them. `why` says what the wildcard is for. */
export const grantConnections = (role: Role, method: 'POST' | 'DELETE', { api, stageName }: WebSocketStage, why: string): void => {
  const stack = Stack.of(role);
  const resource = stack.formatArn({ service: 'execute-api', resource: api.apiId, resourceName: `${stageName}/${method}/@connections/*` });
  role.addToPolicy(new PolicyStatement({ actions: ['execute-api:ManageConnections'], resources: [resource] }));
  acknowledge(role, `AwsSolutions-IAM5[Resource::${findingName(stack.resolve(resource))}]`, why);
};

/** A resource as the security rules name it in a finding: references in angle brackets. */
const findingName = (
  resolved: string | { readonly 'Fn::Join': readonly [string, ReadonlyArray<string | { readonly Ref: string }>] },
): string =>
  typeof resolved === 'string'
    ? resolved
    : resolved['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : `<${part.Ref}>`)).join('');
