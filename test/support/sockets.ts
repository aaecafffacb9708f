// The simulator's controls over WebSocket connections and over the links of those who post to them.
import type { World } from './world.ts';

export type Api = 'Tunnel' | 'Reply';

export interface Connection {
  readonly connectionId: string;
  readonly api: string;
  /** `router` or `user` on the Reply API; on the Tunnel API a connector. */
  readonly principal: string | null;
  readonly connectedAt: string;
  readonly lastActiveAt: string;
  readonly blackholed: boolean;
}

interface Sockets {
  readonly sockets: readonly Connection[];
}

/** All that there are. */
export const allConnections = async (world: World): Promise<readonly Connection[]> =>
  (await world.control<Sockets>('GET', '/sockets')).sockets;

/** Connection ids of an API, those that died in silence left out. */
export const connections = async (world: World, api: Api): Promise<string[]> => {
  return (await allConnections(world))
    .filter((socket) => socket.api.startsWith(api) && !socket.blackholed)
    .map(({ connectionId }) => connectionId);
};

/** `kill`: reset; `blackhole`: silent from now on; `expire`: ended as by age. Answers which. */
export const breakSockets = async (world: World, api: Api, how: 'kill' | 'blackhole' | 'expire'): Promise<string[]> => {
  const chosen = await connections(world, api);
  for (const id of chosen) await world.control('POST', `/sockets/${encodeURIComponent(id)}/${how}`);
  return chosen;
};

/** The links over which the API's connections are posted to: `kill`: reset; `blackhole`: no answer until `restorePosts`. */
export const breakPosts = async (world: World, api: Api, how: 'kill' | 'blackhole'): Promise<string[]> => {
  const chosen = await connections(world, api);
  for (const id of chosen) await world.control('POST', `/posts/${encodeURIComponent(id)}/${how}`);
  return chosen;
};

export const restorePosts = async (world: World, connectionIds: readonly string[]): Promise<void> => {
  for (const id of connectionIds) await world.control('DELETE', `/posts/${encodeURIComponent(id)}/blackhole`);
};
