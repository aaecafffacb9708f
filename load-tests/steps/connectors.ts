// Connectors that lose their tunnels at once and dial again as the product's do, and one of the deployment's own that is killed.
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createControlClient } from '../../cli/control-client.ts';
import { findTarget } from '../../cli/target.ts';
import { Backoff } from '../../connector/backoff.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from '../../connector/supervisor.ts';
import { playEnrolment } from '../../test/support/played-connector.ts';
import { type Context, type Events, measured, setting } from './events.ts';

/** Of no application: nobody's request may end at a connector that does not answer. */
const GROUP = 'load-test';
/** After the start of the scenario: by then all have come. */
const LOST_AFTER_MS = 15_000;

const startedAt = Date.now();

export const reconnect = async (_: Context, events: Events): Promise<void> => {
  const control = createControlClient(findTarget({ simulator: process.env.LOAD_READY_FILE || undefined }, process.env));
  const connector = await playEnrolment((await control.issueCode(GROUP)).code, GROUP);
  try {
    const first = await connector.welcomed();
    await wait(Math.max(0, startedAt + LOST_AFTER_MS - Date.now()));
    await first.close();
    events.emit('counter', 'tunnel.lost', 1);
    await measured(events, 'tunnel.reopened', async () => {
      const backoff = new Backoff({ baseMs: BACKOFF_BASE_MS, capMs: BACKOFF_CAP_MS, random: Math.random });
      for (;;) {
        await wait(backoff.next());
        try {
          return await connector.welcomed();
        } catch {
          events.emit('counter', 'tunnel.refused', 1);
        }
      }
    });
    events.emit('counter', 'tunnel.back', 1);
  } finally {
    await connector.dispose();
    await control.removeConnector(connector.identity.connector);
  }
};

let killing: Promise<unknown> | null = null;

export const killConnector = async (_: Context, events: Events): Promise<void> => {
  if (killing) return;
  killing = promisify(execFile)('sh', ['-c', setting('LOAD_KILL')]);
  await killing;
  events.emit('counter', 'connectors.killed', 1);
};
