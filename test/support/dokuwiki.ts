// DokuWiki as Debian ships it, with a configuration and data of its own: form sign-in, sessions, redirects, uploads.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { WebApplication } from './web-application.ts';

const DATA_FOLDERS = ['attic', 'cache', 'index', 'locks', 'log', 'media', 'media_attic', 'media_meta', 'meta', 'pages', 'tmp'];

export interface DokuWiki extends WebApplication {
  readonly user: { readonly name: string; readonly password: string };
}

/** `internalUrl` is its setting `baseurl`, with which every link of it is absolute; null: it goes by what it is called by. */
export const startDokuWiki = async (internalUrl: string | null = null): Promise<DokuWiki> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-dokuwiki-'));
  const user = { name: 'editor', password: 'quill-and-ink' };
  configure(folder, user, internalUrl);

  const prepend = ['-d', `auto_prepend_file=${join(folder, 'prepend.php')}`];
  const server = startChild('php', [...prepend, '-S', '127.0.0.1:0', '-t', '/usr/share/dokuwiki']);
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

const configure = (folder: string, user: DokuWiki['user'], internalUrl: string | null): void => {
  const conf = join(folder, 'conf');
  const data = join(folder, 'data');
  cpSync('/etc/dokuwiki', conf, { recursive: true });
  for (const name of DATA_FOLDERS) mkdirSync(join(data, name), { recursive: true });

  const hash = execFileSync('php', ['-r', 'echo password_hash(stream_get_contents(STDIN), PASSWORD_BCRYPT);'], { input: user.password });
  writeFileSync(join(conf, 'users.auth.php'), `${user.name}:${hash}:Edith Editor:editor@example.com:admin,user\n`);
  writeFileSync(join(conf, 'acl.auth.php'), '* @ALL 1\n* @user 8\n');
  writeFileSync(
    join(conf, 'local.php'),
    `<?php
$conf['title'] = 'Handbook';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['savedir'] = '${data}';
$conf['updatecheck'] = 0;
${internalUrl === null ? '' : `$conf['baseurl'] = '${internalUrl.replace(/\/$/, '')}';\n$conf['canonical'] = 1;\n`}`,
  );
  writeFileSync(join(folder, 'prepend.php'), `<?php define('DOKU_CONF', '${conf}/');\n`);
};
