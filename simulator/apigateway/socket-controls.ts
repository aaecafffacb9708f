// Control of WebSocket connections while the simulator runs: list them, reset one, let one die in silence or of old age; and the
// same for the links over which they are posted to.
import { SallyportError } from '../../protocol/errors.ts';
import type { PostLinks } from '../apigatewaymanagementapi/post-links.ts';
import type { Connection } from '../apigatewayv2/connection.ts';
import type { WebSocketApi } from '../apigatewayv2/websocket-api.ts';
import type { ControlRoute } from '../control.ts';

interface Socket {
  readonly api: string;
  readonly connectionId: string;
  readonly stage: string;
  /** Whose it is, as the authorizer said; null without one. */
  readonly principal: unknown;
  readonly connectedAt: string;
  readonly lastActiveAt: string;
  readonly blackholed: boolean;
}

export const socketControls = (apis: () => readonly WebSocketApi[], links: PostLinks): readonly ControlRoute[] => {
  const all = () =>
    apis().flatMap((webSocketApi) => webSocketApi.connections.map((connection) => ({ api: webSocketApi.api.logicalId, connection })));

  /** By connection id, or all connections of the API with this id, logical id or name. */
  const named = (name = ''): Connection[] => {
    const ofApi = apis().filter(({ api }) => [api.id, api.logicalId, api.name].includes(name));
    const chosen = [
      ...ofApi.flatMap(({ connections }) => connections),
      ...all()
        .map(({ connection }) => connection)
        .filter(({ facts }) => facts.connectionId === name),
    ];
    if (chosen.length === 0 && ofApi.length === 0) {
      throw new SallyportError('ERR_REQUEST_INVALID', `${name} is neither a connection nor a WebSocket API; GET /sockets lists both.`);
    }
    return chosen;
  };

  const each = (act: (connection: Connection) => void) => (name: string | undefined) => {
    const chosen = named(name);
    for (const connection of chosen) act(connection);
    return { connections: chosen.map(({ facts }) => facts.connectionId) };
  };
  const kill = each((connection) => connection.kill());
  const blackhole = each((connection) => connection.blackhole());
  const expire = each((connection) => connection.expire());

  return [
    {
      method: 'GET',
      path: '/sockets',
      says: 'lists the WebSocket connections, and those that posts are silenced for',
      handle: () => ({
        sockets: all().map(
          ({ api, connection: { facts, lastActiveAt, blackholed } }): Socket => ({
            api,
            connectionId: facts.connectionId,
            stage: facts.stage,
            principal: facts.authorizer?.principalId ?? null,
            connectedAt: new Date(facts.connectedAt).toISOString(),
            lastActiveAt: new Date(lastActiveAt).toISOString(),
            blackholed,
          }),
        ),
        silenced: links.silenced,
      }),
    },
    {
      method: 'POST',
      path: '/sockets/:name/kill',
      says: 'resets the TCP link of a connection (by its id), or of all of an API (by its logical id)',
      handle: ({ params }) => kill(params.name),
    },
    {
      method: 'POST',
      path: '/sockets/:name/blackhole',
      says: 'lets a connection (or all of an API, by its logical id) die in silence: nothing in, nothing out, no close',
      handle: ({ params }) => blackhole(params.name),
    },
    {
      method: 'POST',
      path: '/sockets/:name/expire',
      says: 'ends a connection (or all of an API) as ten idle minutes or two hours do: close code 1001',
      handle: ({ params }) => expire(params.name),
    },
    {
      method: 'POST',
      path: '/posts/:connectionId/kill',
      says: 'resets the TCP links over which posts for this connection came',
      handle: ({ params: { connectionId = '' } }) => ({ links: links.kill(connectionId) }),
    },
    {
      method: 'POST',
      path: '/posts/:connectionId/blackhole',
      says: 'never again answers a post to @connections for this connection, as if the poster’s link were dead',
      handle: ({ params: { connectionId = '' } }) => {
        links.silence(connectionId);
        return { silenced: links.silenced };
      },
    },
    {
      method: 'DELETE',
      path: '/posts/:connectionId/blackhole',
      says: 'answers posts for this connection again',
      handle: ({ params: { connectionId = '' } }) => {
        links.restore(connectionId);
        return { silenced: links.silenced };
      },
    },
  ];
};
