// What the two WebSocket APIs have in common: their stage, its throttling, who may post to it, and the rules that do not fit them.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { acknowledge } from '../acknowledge.ts';

export const SOCKET_STAGE = 'live';

/** Messages that clients send; AWS lets an account open 500 connections a second. */
export const SOCKET_THROTTLE = { rateLimit: 500, burstLimit: 500 };

/** What a policy must name to allow `POST @connections/{id}` on the stage, and neither GET nor DELETE. */
export const postArn = (stage: WebSocketStage): string =>
  Stack.of(stage).formatArn({
    service: 'execute-api',
    resource: stage.api.apiId,
    resourceName: `${stage.stageName}/POST/@connections/*`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });

export const POST_ACTION = 'execute-api:ManageConnections';

export const acknowledgeSocket = (api: WebSocketApi, stage: WebSocketStage): void => {
  acknowledge(api, 'AwsSolutions-APIG4', 'A WebSocket is authorised once, at $connect: its other routes cannot have an authorizer.');
  acknowledge(stage, 'AwsSolutions-APIG1', 'The functions log what happens on a tunnel; an access log would bill a line for every frame.');
};
