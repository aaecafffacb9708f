// Apache as Debian ships it, in the foreground: what the sites that it serves for tests have in common. Each has a folder, with its pages below
// `htdocs`, and goes with it.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { connectable } from './connectable.ts';

const MODULES = '/usr/lib/apache2/modules';
const COMMON_MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'mime', 'include'];

export interface ApacheServerOptions {
  readonly folder: string;
  readonly port: number;
  readonly serverName: string;
  /** Beside the common ones. */
  readonly modules: readonly string[];
  readonly logLevel?: string;
  /** What is particular about the site. */
  readonly directives: string;
  /** @default this process' own */
  readonly env?: NodeJS.ProcessEnv;
}

export interface ApacheServer {
  /** Ending with `/`. */
  readonly url: string;
  readonly port: number;
  /** What it has written, for whoever looks into a failure. */
  log(): string;
  dispose(): Promise<void>;
}

export const startApacheServer = async (options: ApacheServerOptions): Promise<ApacheServer> => {
  const { folder, port, env = process.env } = options;
  // Root reads it at start, its workers later.
  chmodSync(folder, 0o755);
  const file = join(folder, 'httpd.conf');
  writeFileSync(file, configuration(options));
  const server = startChild('apache2', ['-f', file, '-DFOREGROUND'], { env });
  await connectable(port, server);
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    log: () => server.output(),
    dispose: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const configuration = ({ folder, port, serverName, modules, logLevel = 'warn', directives }: ApacheServerOptions): string => `
ServerRoot "${folder}"
ServerName ${serverName}
Listen 127.0.0.1:${port}
PidFile "${folder}/httpd.pid"
Mutex file:${folder} default
${userInfo().uid === 0 ? 'User www-data\nGroup www-data' : ''}
${[...COMMON_MODULES, ...modules].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /dev/null
DirectoryIndex index.shtml
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
LogLevel ${logLevel}
ErrorLog "|/bin/cat"
DocumentRoot "${folder}/htdocs"
${directives}
`;
