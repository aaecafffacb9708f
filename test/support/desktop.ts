// A remote desktop as Debian ships it: an X server that speaks VNC, a program on it, and noVNC, whose pages carry VNC in binary messages
// over a WebSocket.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import type { WebApplication } from './web-application.ts';

type Shade = readonly [red: number, green: number, blue: number];

/** By key: what the whole screen shows once it was pressed. */
export const SHADES: Readonly<Record<string, Shade>> = {
  r: [205, 0, 0],
  g: [0, 205, 0],
  y: [205, 205, 0],
  b: [0, 0, 238],
  m: [205, 0, 205],
  c: [0, 205, 205],
};

/** A window over the whole screen, which needs no font, no terminal and nobody who manages windows. */
const PROGRAM = `
import json, sys, tkinter
shades = json.loads(sys.argv[1])
window = tkinter.Tk()
window.overrideredirect(True)
window.geometry('640x400+0+0')
def show(event):
    if event.char in shades: window.configure(background='#%02x%02x%02x' % tuple(shades[event.char]))
window.bind('<Key>', show)
window.wait_visibility()
window.focus_force()
window.after_idle(lambda: print('shown', flush=True))
window.mainloop()
`;

export const startDesktop = async (): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-desktop-'));
  const [vnc, web] = [await freePort(), await freePort()];
  // It takes the first display that is free, and says which.
  const args = ['-displayfd', '1', '-rfbport', `${vnc}`, '-localhost', '-SecurityTypes', 'None', '-geometry', '640x400', '-AlwaysShared'];
  const screen = startChild('Xtigervnc', args, { cwd: folder });
  const [, display] = await screen.seen(/^(\d+)$/m);
  await screen.seen(/Listening for VNC connections/);
  const program = startChild('/usr/bin/python3', ['-c', PROGRAM, JSON.stringify(SHADES)], {
    env: { ...process.env, DISPLAY: `:${display}` },
  });
  await program.seen(/shown/);
  const pages = startChild('websockify', ['--web', '/usr/share/novnc', `127.0.0.1:${web}`, `127.0.0.1:${vnc}`], { cwd: folder });
  await pages.seen(/proxying from/);
  return {
    url: `http://127.0.0.1:${web}/`,
    dispose: async () => {
      await pages.stop();
      await program.stop();
      await screen.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
