// Somebody between a connector and the Tunnel API who hears everything and changes nothing.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../protocol/frames.ts';

export interface TunnelTap {
  /** What the connector is to dial. */
  readonly url: string;
  /** Texts of the frames that were posted to the connector, oldest first. */
  readonly heard: readonly string[];
  dispose(): Promise<void>;
}

export const tapTunnel = async (tunnelUrl: string): Promise<TunnelTap> => {
  const heard: string[] = [];
  const ends = new Set<WebSocket>();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL });
  const server = createServer().on('upgrade', (request, stream, head) => {
    const upstream = new WebSocket(tunnelUrl, [SUBPROTOCOL], { headers: { authorization: request.headers.authorization ?? '' } });
    ends.add(upstream);
    stream.on('error', () => {});
    upstream.on('error', () => stream.destroy());
    upstream.once('open', () =>
      sockets.handleUpgrade(request, stream, head, (connector) => {
        connector.on('message', (data) => upstream.send(String(data)));
        connector.on('close', () => upstream.terminate());
        upstream.on('message', (data) => {
          const text = String(data);
          // A frame has three lines; what the Tunnel API itself says has one.
          if (text.includes('\n')) heard.push(text);
          connector.send(text);
        });
        upstream.on('close', () => connector.terminate());
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`,
    heard,
    dispose: async () => {
      for (const upstream of ends) upstream.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
