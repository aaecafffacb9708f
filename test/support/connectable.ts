// For servers that do not say when they listen.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from './child.ts';
import { eventually } from './eventually.ts';

/** Between two tries, so that the server has the processor. */
const PAUSE_MS = 20;

/** Resolves once the server accepts connections on the port of loopback; rejects with what it wrote when it ends before. */
export const connectable = async (port: number, server: Child, deadlineMs = 30_000): Promise<void> => {
  const dead = server.ended.then((code) => {
    throw new Error(`The server for port ${port} ended with ${code}:\n${server.output().slice(-4000)}`);
  });
  const alive = eventually(deadlineMs, async () => {
    await pause(PAUSE_MS);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', reject);
    });
  });
  await Promise.race([alive, dead]);
  dead.catch(() => undefined);
};
