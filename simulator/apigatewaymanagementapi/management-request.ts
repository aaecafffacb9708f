// What the three actions of the management API are given, and the errors that its SDK knows by name.
import type { Connection } from '../apigatewayv2/connection.ts';
import type { WebSocketApi } from '../apigatewayv2/websocket-api.ts';
import { AwsError } from '../services.ts';

export interface ManagementRequest {
  readonly webSocketApi: WebSocketApi;
  readonly connectionId: string;
  readonly stage: string;
  readonly body: Buffer;
}

export interface ManagementAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export const goneException = (): AwsError => new AwsError(410, 'GoneException', 'Connection is gone');

/** Throws AwsError GoneException: also before `$connect` has answered, as on AWS. */
export const liveConnection = ({ webSocketApi, connectionId, stage }: ManagementRequest): Connection => {
  const connection = webSocketApi.find(connectionId, stage);
  if (!connection) throw goneException();
  return connection;
};
