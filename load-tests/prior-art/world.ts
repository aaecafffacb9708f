// A whole Sallyport in the simulator with one design's way back, and one connector of that design: built on the spot, for this start alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../test/support/administrator.ts';
import { built } from '../../test/support/built.ts';
import { startConnector } from '../../test/support/connector.ts';
import { ROOT } from '../../test/support/files.ts';
import { startWorld, type World } from '../../test/support/world.ts';

export const DESIGNS = ['sallyport', 'relay-function', 'database-polling'] as const;
export type DesignName = (typeof DESIGNS)[number];

/** Sallyport's own is what `npm run build` made. `options` as `npm start` takes them; the connector may call `origin`. */
export const startDesign = async (design: DesignName, origin: string, ...options: string[]): Promise<World> => {
  const ends: Array<() => Promise<void> | void> = [];
  const dispose = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    const folder = design === 'sallyport' ? built('.') : mkdtempSync(join(ROOT, 'dist', `${design}-`));
    if (design !== 'sallyport') {
      ends.push(() => rmSync(folder, { recursive: true, force: true }));
      const { status, output } = await run(process.execPath, '--import', 'tsx', 'load-tests/prior-art/build.ts', design, folder);
      if (status !== 0) throw new Error(`${design} could not be built:\n${output}`);
    }
    const world = await startWorld('--assembly', join(folder, 'assembly'), '--connectors', '0', ...options);
    ends.push(world.dispose);
    const program = join(folder, 'connector.mjs');
    // On AWS the names of its services lead there by themselves.
    const connector = await startConnector(world, 'default', [origin], {
      program,
      variables: { AWS_ENDPOINT_URL: world.ready.awsEndpoint },
    });
    ends.push(connector.dispose);
    return { ...world, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};
