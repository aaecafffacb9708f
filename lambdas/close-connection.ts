// Closes a connection of a WebSocket API: DeleteConnection on its management endpoint.
import { type ApiGatewayManagementApiClient, DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { SallyportError } from '../protocol/errors.ts';

/** One that is gone already is no failure. Throws ERR_STORE_UNAVAILABLE. */
export type CloseConnection = (connectionId: string) => Promise<void>;

export const createCloseConnection =
  (client: Pick<ApiGatewayManagementApiClient, 'send'>): CloseConnection =>
  async (connectionId) => {
    try {
      await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      // BadRequest: an id that is none, which is as gone as one that was.
      if (name === 'GoneException' || name === 'BadRequestException') return;
      throw new SallyportError('ERR_STORE_UNAVAILABLE', `DeleteConnection failed: ${name}.`, { cause: error });
    }
  };
