// One @connections request as a list of steps: signature, permission, id, faults of now, action.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { arn } from '../account.ts';
import { readBody } from '../apigateway/body.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { isConnectionId, newRequestId } from '../apigateway/ids.ts';
import { type Arrival, splitStage } from '../apigateway/request.ts';
import type { WebSocketApi } from '../apigatewayv2/websocket-api.ts';
import { AwsError } from '../services.ts';
import { deleteConnection } from './delete-connection.ts';
import { getConnection } from './get-connection.ts';
import { goneException, type ManagementAnswer } from './management-request.ts';
import type { PostLinks } from './post-links.ts';
import { postToConnection } from './post-to-connection.ts';

export interface ManagementParts {
  readonly webSocketApi: WebSocketApi;
  readonly links: PostLinks;
}

const METHODS = new Set(['POST', 'GET', 'DELETE']);
/** Room to read a message that is too long and say so. */
const READ_FACTOR = 8;

export const serveManagement = async (
  context: GatewayContext,
  { webSocketApi, links }: ManagementParts,
  message: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
): Promise<void> => {
  const requestId = newRequestId();
  const body = await readBody(message, context.quotas.apigatewayv2.messageBytes * READ_FACTOR);
  if (body === 'gone') return;
  let answer: ManagementAnswer;
  try {
    if (body === 'too-large') throw new AwsError(413, 'PayloadTooLargeException', 'Message too long');
    const { stage, connectionId } = locate(message.url ?? '/', arrival);
    authorise(context, webSocketApi, message, stage, connectionId, body);
    links.note(connectionId, message.socket);
    if (links.isSilenced(connectionId)) return;
    answer = act(context, message.method ?? 'GET', { webSocketApi, connectionId, stage, body });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const { status, code, message: text } = error;
    const payload = JSON.stringify({ message: text, ...(status !== 403 && { connectionId: '', requestId }) });
    response.writeHead(status, { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId, 'x-amzn-ErrorType': code });
    response.end(payload);
    return;
  }
  const payload = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId });
  response.end(payload);
};

/** Whether a request is for the management API: any other HTTP request to a WebSocket API is refused. */
export const isManagement = (url: string): boolean => /\/(@|%40)connections\//i.test(url);

const locate = (url: string, arrival: Arrival): { readonly stage: string; readonly connectionId: string } => {
  const { stage, rest } = splitStage(url.replace(/\?.*$/s, ''), arrival);
  const [, encoded = ''] = /^\/(?:@|%40)connections\/([^/]+)$/i.exec(rest) ?? [];
  try {
    return { stage, connectionId: decodeURIComponent(encoded) };
  } catch (cause) {
    throw Object.assign(new AwsError(400, 'BadRequestException', `Invalid connectionId: ${encoded}`), { cause });
  }
};

const authorise = (
  { iam, log }: GatewayContext,
  { api }: WebSocketApi,
  message: IncomingMessage,
  stage: string,
  connectionId: string,
  body: Buffer,
): void => {
  const method = message.method ?? 'GET';
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
  const principal = iam.authenticate({ method, url: message.url ?? '/', headers, body }, 'execute-api');
  try {
    iam.authorize(
      principal,
      'execute-api:ManageConnections',
      arn('execute-api', `${api.id}/${stage}/${method}/@connections/${connectionId}`),
    );
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn('connections.refused', { api: api.logicalId, method, error });
    throw new AwsError(403, 'ForbiddenException', error.message);
  }
};

const act = (context: GatewayContext, method: string, request: Parameters<typeof postToConnection>[0]): ManagementAnswer => {
  const { faults, random, quotas } = context;
  if (!METHODS.has(method)) throw new AwsError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  if (!isConnectionId(request.connectionId))
    throw new AwsError(400, 'BadRequestException', `Invalid connectionId: ${request.connectionId}`);
  if (random() < faults.throttle) throw new AwsError(429, 'LimitExceededException', 'Too Many Requests');
  if (random() < faults.gone) throw goneException();
  if (method === 'POST') return postToConnection(request, quotas.apigatewayv2.messageBytes);
  return method === 'GET' ? getConnection(request) : deleteConnection(request);
};
