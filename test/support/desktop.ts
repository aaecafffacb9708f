// A remote desktop as Debian ships it: an X server that speaks VNC, a terminal on it, and noVNC, whose pages carry VNC in binary messages
// over a WebSocket.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import type { WebApplication } from './web-application.ts';

export const startDesktop = async (): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-desktop-'));
  const [vnc, web] = [await freePort(), await freePort()];
  // It takes the first display that is free, and says which.
  const args = ['-displayfd', '1', '-rfbport', `${vnc}`, '-localhost', '-SecurityTypes', 'None', '-geometry', '640x400', '-AlwaysShared'];
  const screen = startChild('Xtigervnc', args, { cwd: folder });
  const [, display] = await screen.seen(/^(\d+)$/m);
  await screen.seen(/Listening for VNC connections/);
  // The whole screen is one terminal, whose shell keeps no history.
  const shell = { DISPLAY: `:${display}`, HOME: folder, PATH: process.env.PATH, PS1: '$ ', ENV: '' };
  const terminal = startChild('xterm', ['-geometry', '120x40+0+0', '-bw', '0', '-e', '/bin/sh'], { cwd: folder, env: shell });
  const pages = startChild('websockify', ['--web', '/usr/share/novnc', `127.0.0.1:${web}`, `127.0.0.1:${vnc}`], { cwd: folder });
  await pages.seen(/proxying from/);
  return {
    url: `http://127.0.0.1:${web}/`,
    dispose: async () => {
      await pages.stop();
      await terminal.stop();
      await screen.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
