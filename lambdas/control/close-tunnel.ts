// Closes tunnels: DeleteConnection on the Tunnel API.
import { type ApiGatewayManagementApiClient, DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { SallyportError } from '../../protocol/errors.ts';
import type { CloseTunnel } from './remove-connector.ts';

export const createCloseTunnel =
  (client: Pick<ApiGatewayManagementApiClient, 'send'>): CloseTunnel =>
  async (connectionId) => {
    try {
      await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      // BadRequest: an id that is none, which is as gone as one that was.
      if (name === 'GoneException' || name === 'BadRequestException') return;
      throw new SallyportError('ERR_STORE_UNAVAILABLE', `DeleteConnection on the Tunnel API failed: ${name}.`, { cause: error });
    }
  };
