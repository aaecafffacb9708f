// Shaarli as Debian ships it (PHP, Slim): bookmarks, with a sign-in of its own. A copy, because the package has one place for its data.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { WebApplication } from './web-application.ts';

const PACKAGE = '/usr/share/shaarli';
/** Where the package names its own folders. */
const NAMES_FOLDERS = ['index.php', 'init.php', 'autoload.php', 'application/config/ConfigManager.php'];

export interface Shaarli extends WebApplication {
  readonly user: { readonly name: string; readonly password: string };
}

/** `internalUrl` is its setting `general.root_url`, and the server's own name. */
export const startShaarli = async (internalUrl: string): Promise<Shaarli> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shaarli-'));
  const user = { name: 'curator', password: 'shelf-and-spine' };
  const [program, data, cache] = ['program', 'data', 'cache'].map((name) => join(folder, name)) as [string, string, string];
  cpSync(PACKAGE, program, { recursive: true, filter: (source) => source !== join(PACKAGE, 'cache') });
  for (const file of NAMES_FOLDERS) {
    const text = readFileSync(join(PACKAGE, file), 'utf8');
    const moved = text.replaceAll(PACKAGE, program).replaceAll('/var/lib/shaarli/data', data).replaceAll('/var/cache/shaarli', cache);
    writeFileSync(join(program, file), moved);
  }
  for (const name of [data, join(cache, 'tmp'), join(cache, 'cache'), join(cache, 'pagecache')]) mkdirSync(name, { recursive: true });
  writeFileSync(join(data, 'config.json.php'), `<?php /*\n${JSON.stringify(settings(user, internalUrl))}\n*/ ?>`);
  const prepend = join(folder, 'prepend.php');
  writeFileSync(prepend, `<?php $_SERVER['SERVER_NAME'] = '${new URL(internalUrl).hostname}';\n`);

  const php = ['-d', `auto_prepend_file=${prepend}`, '-d', `session.save_path=${data}`];
  const server = startChild('php', [...php, '-S', '127.0.0.1:0', '-t', program], { cwd: program });
  const [, url] = await server.seen(/Development Server \((http:\/\/127\.0\.0\.1:\d+)\) started/);

  return {
    url: `${url}/`,
    user,
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const settings = ({ name, password }: Shaarli['user'], internalUrl: string) => {
  const salt = 'salt';
  return {
    credentials: { login: name, salt, hash: createHash('sha1').update(`${password}${name}${salt}`).digest('hex') },
    general: { title: 'Shelf', timezone: 'UTC', root_url: internalUrl, retrieve_description: false, enable_async_metadata: false },
    security: { session_protection_disabled: false },
    updates: { check_updates: false },
    thumbnails: { mode: 'none' },
  };
};
