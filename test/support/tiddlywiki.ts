// TiddlyWiki from npm under its own Node server: a single page that reads and writes by fetch, with percent-encoded names.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { WebApplication } from './web-application.ts';

const COMMAND = createRequire(import.meta.url).resolve('tiddlywiki/tiddlywiki.js');

/** `internalUrl` is its setting `$:/config/tiddlyweb/host`: where the page in the browser saves to. Null: where it came from. */
export const startTiddlyWiki = async (internalUrl: string | null = null): Promise<WebApplication> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tiddlywiki-'));
  execFileSync(process.execPath, [COMMAND, folder, '--init', 'server'], { stdio: 'ignore' });

  if (internalUrl !== null) {
    mkdirSync(join(folder, 'tiddlers'));
    writeFileSync(join(folder, 'tiddlers/host.tid'), `title: $:/config/tiddlyweb/host\n\n${internalUrl}`);
  }

  const server = startChild(process.execPath, [COMMAND, folder, '--listen', 'host=127.0.0.1', 'port=0']);
  const [, url] = await server.seen(/Serving on (http:\/\/127\.0\.0\.1:\d+)/);

  return {
    url: `${url}/`,
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
