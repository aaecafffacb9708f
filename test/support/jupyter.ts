// Jupyter Notebook as Debian ships it: its pages speak to the running kernel over WebSockets. No sign-in of its own: that is the proxy's work.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import type { WebApplication } from './web-application.ts';

const START_MS = 60_000;

/** `origins`: a pattern of the origins whose pages may speak to it. */
export const startJupyter = async (origins: string): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-jupyter-'));
  // It would not say which one it took.
  const port = await freePort();
  const settings = {
    ...{
      'NotebookApp.ip': '127.0.0.1',
      'NotebookApp.port': String(port),
      'NotebookApp.open_browser': 'False',
      'NotebookApp.allow_root': 'True',
    },
    ...{ 'NotebookApp.token': '', 'NotebookApp.password': '', 'NotebookApp.allow_remote_access': 'True' },
    ...{ 'NotebookApp.allow_origin_pat': origins, 'NotebookApp.notebook_dir': folder },
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const home = {
    HOME: folder,
    JUPYTER_CONFIG_DIR: join(folder, '.config'),
    JUPYTER_DATA_DIR: join(folder, '.data'),
    JUPYTER_RUNTIME_DIR: join(folder, '.run'),
  };
  const server = startChild('/usr/bin/jupyter-notebook', args, { cwd: folder, env: { ...process.env, ...home } });
  await server.seen(/is running at/, START_MS);
  return {
    url: `http://127.0.0.1:${port}/`,
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
