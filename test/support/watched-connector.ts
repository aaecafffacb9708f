// The real connector program, but the test knows its key, hears its tunnel and reads its log: what an attack is tried on.
import { writeIdentity } from '../../connector/identity.ts';
import { decode } from '../../protocol/codec.ts';
import { connectorSide } from '../../protocol/frame-keys.ts';
import type { RequestFrame } from '../../protocol/frames.ts';
import type { Child } from './child.ts';
import { createConnectorHome } from './connector.ts';
import { type LogLine, logged, parseLog } from './logs.ts';
import { playConnectorOf } from './played-connector.ts';
import { tapTunnel } from './tunnel-tap.ts';
import type { World } from './world.ts';

export interface WatchedConnector {
  readonly id: string;
  /** What it shares with the routers. */
  readonly frameKey: Uint8Array;
  /** Connection id of its tunnel. */
  readonly tunnel: string;
  /** Genuine request frames that were posted to it: as they came, and opened. */
  requests(): ReadonlyArray<{ readonly text: string; readonly frame: RequestFrame }>;
  log(): LogLine[];
  /** Killed, and started again with the same keys. */
  restarted(): Promise<void>;
  dispose(): Promise<void>;
}

export const startWatchedConnector = async (world: World, group: string, allow: readonly string[]): Promise<WatchedConnector> => {
  const played = await playConnectorOf(world, group);
  const { identity } = played;
  const { frameKey } = (await played.welcomed()).welcome;
  await played.dispose();
  const tap = await tapTunnel(identity.tunnelUrl);
  const home = createConnectorHome();
  await writeIdentity(home.folder, { ...identity, tunnelUrl: tap.url });

  const start = async (): Promise<{ child: Child; tunnel: string }> => {
    const child = home.start({ allow });
    const line = await logged(() => parseLog(child.output()), { event: 'tunnel.open' });
    return { child, tunnel: String(line.connectionId) };
  };
  let running = await start();

  return {
    id: identity.connector,
    frameKey,
    get tunnel() {
      return running.tunnel;
    },
    requests: () =>
      tap.heard.flatMap((text) => {
        try {
          const { frame } = decode(text, () => connectorSide(frameKey));
          return frame.type === 'request' ? [{ text, frame }] : [];
        } catch {
          return [];
        }
      }),
    log: () => parseLog(running.child.output()),
    restarted: async () => {
      await running.child.stop('SIGKILL');
      running = await start();
    },
    dispose: async () => {
      await running.child.stop();
      await tap.dispose();
      home.dispose();
    },
  };
};
