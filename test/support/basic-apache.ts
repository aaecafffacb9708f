// Apache as Debian ships it, with mod_auth_basic: a site that takes users by name and password. It notes who came with what.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApacheServer, startApacheServer } from './apache-server.ts';
import { freePort } from './free-port.ts';

export interface BasicApache extends ApacheServer {
  /** Of each request so far, as whom it was answered and with what status; `-` for nobody. Failed attempts have a name too. */
  requests(): Array<{ readonly user: string; readonly status: number }>;
}

export const startBasicApache = async (passwords: Readonly<Record<string, string>>): Promise<BasicApache> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-basic-'));
  mkdirSync(join(folder, 'htdocs'));
  const page =
    '<!doctype html><title>Archive</title><h1>Archive</h1><p>You are <strong id="user"><!--#echo var="REMOTE_USER" --></strong></p>\n';
  writeFileSync(join(folder, 'htdocs/index.shtml'), page);
  const users = Object.entries(passwords).map(([name, password]) => {
    const hash = execFileSync('php', ['-r', 'echo password_hash(stream_get_contents(STDIN), PASSWORD_BCRYPT);'], { input: password });
    return `${name}:${hash}\n`;
  });
  writeFileSync(join(folder, 'users'), users.join(''));
  const log = join(folder, 'access.log');
  writeFileSync(log, '');
  const server = await startApacheServer({
    ...{ folder, port: await freePort(), serverName: 'archive.corp.example', modules: ['authn_file', 'auth_basic'] },
    directives: directives(folder, log),
  });
  return {
    ...server,
    requests: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [status, user] = line.split(' ');
          return { user: user!, status: Number(status) };
        }),
  };
};

const directives = (folder: string, log: string): string => `
LogFormat "%s %u" whom
CustomLog "${log}" whom
<Location "/">
  Options +Includes
  AuthType Basic
  AuthName "archive"
  AuthBasicProvider file
  AuthUserFile "${folder}/users"
  Require valid-user
</Location>`;
