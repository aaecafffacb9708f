// Posts frames to tunnels: PostToConnection on the Tunnel API.
import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiServiceException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { SallyportError } from '../../protocol/errors.ts';
import type { PostFrame } from './ports.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;
/** The SDK repeats what is throttled (429), failed (5xx) or broke off; the frame's number makes a second delivery harmless. */
const ATTEMPTS = 3;

export const createManagementClient = (endpoint: string): ApiGatewayManagementApiClient =>
  new ApiGatewayManagementApiClient({
    endpoint,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
  });

export const createPostFrame =
  (client: Pick<ApiGatewayManagementApiClient, 'send'>): PostFrame =>
  async (connectionId, text) => {
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: text }));
      return 'posted';
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      // BadRequest: an id that is none (aws.md §1.6), which is as gone as one that was.
      if (name === 'GoneException' || name === 'BadRequestException') return 'gone';
      // Nothing was delivered: the account's rate or the connector's own buffer is exhausted.
      if (name === 'LimitExceededException')
        throw new SallyportError('ERR_CONNECTOR_BUSY', 'PostToConnection is throttled (429).', { cause: error });
      throw new SallyportError(
        refused(error) ? 'ERR_INTERNAL' : 'ERR_TUNNEL_UNAVAILABLE',
        `PostToConnection on the Tunnel API failed: ${name}.`,
        {
          cause: error,
        },
      );
    }
  };

/** By a 4xx, as a fault of the deployment is: one of the service, or silence, has no status or a 5xx. */
const refused = (error: unknown): boolean => {
  const status = (error as Partial<ApiGatewayManagementApiServiceException>).$metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
};
