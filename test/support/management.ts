// `@connections` of the world's WebSocket APIs, called by AWS's own client with whatever credentials an attacker may have got hold of.
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { World } from './world.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Management {
  post(connectionId: string, text: string): Promise<unknown>;
  get(connectionId: string): Promise<unknown>;
  delete(connectionId: string): Promise<unknown>;
}

export const management = (endpoint: string, region: string, credentials: Keys): Management => {
  const call = async (command: PostToConnectionCommand | GetConnectionCommand | DeleteConnectionCommand): Promise<unknown> => {
    const client = new ApiGatewayManagementApiClient({ endpoint, region, credentials, maxAttempts: 1 });
    try {
      return await client.send(command as PostToConnectionCommand);
    } finally {
      client.destroy();
    }
  };
  return {
    post: (ConnectionId, text) => call(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(text) })),
    get: (ConnectionId) => call(new GetConnectionCommand({ ConnectionId })),
    delete: (ConnectionId) => call(new DeleteConnectionCommand({ ConnectionId })),
  };
};

/** `@connections` of the Tunnel API. */
export const tunnelEndpoint = async (world: World): Promise<string> => {
  const { TunnelUrl } = await world.control<{ TunnelUrl: string }>('GET', '/outputs');
  return TunnelUrl.replace(/^ws/, 'http');
};

/** Somebody who may post to tunnels as the router may, and has no key to seal with. */
export const tunnelPoster = async (world: World): Promise<Management> =>
  management(await tunnelEndpoint(world), world.ready.region, world.ready.administrator);
