// Apache as Debian ships it, with mod_auth_basic: a site that takes users by name and password. It notes who came with what.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { connectable } from './connectable.ts';
import { freePort } from './free-port.ts';

const MODULES = '/usr/lib/apache2/modules';
const MODULE_NAMES = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'dir', 'mime', 'include'];

export interface BasicApache {
  /** Ending with `/`. */
  readonly url: string;
  /** Of each request so far, as whom it was answered and with what status; `-` for nobody. Failed attempts have a name too. */
  requests(): Array<{ readonly user: string; readonly status: number }>;
  dispose(): Promise<void>;
}

export const startBasicApache = async (passwords: Readonly<Record<string, string>>): Promise<BasicApache> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-basic-'));
  const port = await freePort();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'htdocs'));
  const page =
    '<!doctype html><title>Archive</title><h1>Archive</h1><p>You are <strong id="user"><!--#echo var="REMOTE_USER" --></strong></p>\n';
  writeFileSync(join(folder, 'htdocs/index.shtml'), page);
  const users = Object.entries(passwords).map(([name, password]) => {
    const hash = execFileSync('php', ['-r', 'echo password_hash(stream_get_contents(STDIN), PASSWORD_BCRYPT);'], { input: password });
    return `${name}:${hash}\n`;
  });
  writeFileSync(join(folder, 'users'), users.join(''));
  const file = join(folder, 'httpd.conf');
  const log = join(folder, 'access.log');
  writeFileSync(log, '');
  writeFileSync(file, configuration(folder, port, log));
  const server = startChild('apache2', ['-f', file, '-DFOREGROUND']);
  await connectable(port, server);
  return {
    url: `http://127.0.0.1:${port}/`,
    requests: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [status, user] = line.split(' ');
          return { user: user!, status: Number(status) };
        }),
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const configuration = (folder: string, port: number, log: string): string => `
ServerRoot "${folder}"
ServerName archive.corp.example
Listen 127.0.0.1:${port}
PidFile "${folder}/httpd.pid"
Mutex file:${folder} default
${userInfo().uid === 0 ? 'User www-data\nGroup www-data' : ''}
${MODULE_NAMES.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /dev/null
DirectoryIndex index.shtml
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
ErrorLog "|/bin/cat"
LogFormat "%s %u" whom
CustomLog "${log}" whom
DocumentRoot "${folder}/htdocs"
<Location "/">
  Options +Includes
  AuthType Basic
  AuthName "archive"
  AuthBasicProvider file
  AuthUserFile "${folder}/users"
  Require valid-user
</Location>
`;
