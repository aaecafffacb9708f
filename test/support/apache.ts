// Apache as Debian ships it, with mod_auth_gssapi: an intranet site that takes users by their Kerberos tickets and by nothing else.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Domain } from './active-directory/domain.ts';
import { startChild } from './child.ts';
import { connectable } from './connectable.ts';
import { withClock } from './faketime.ts';
import { freePort } from './free-port.ts';

const MODULES = '/usr/lib/apache2/modules';
/** Of www-data, on every Debian. */
const WWW_DATA = 33;

export interface Site {
  /** Path below which it is. */
  readonly path: string;
  /** Of which service's key it has the keytab. */
  readonly service: string;
  /** Remembers a user by a cookie, once signed in. */
  readonly session?: boolean;
  /** Asks nobody who they are. */
  readonly open?: boolean;
}

export interface ApacheOptions {
  /** How far its clock is off, as libfaketime writes it (`+6m`). */
  readonly clock?: string;
}

export interface Apache {
  /** Ending with `/`. */
  readonly url: string;
  readonly port: number;
  /** What it has written, for whoever looks into a failure. */
  log(): string;
  dispose(): Promise<void>;
}

export const startApache = async (domain: Domain, sites: readonly Site[], { clock }: ApacheOptions = {}): Promise<Apache> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-apache-'));
  const port = await freePort();
  // What root reads at start, and what its workers read and write later.
  for (const open of [folder, domain.folder]) chmodSync(open, 0o755);
  mkdirSync(join(folder, 'replays'));
  chownSync(join(folder, 'replays'), WWW_DATA, WWW_DATA);
  for (const { path, service } of sites) {
    const pages = join(folder, 'htdocs', path);
    mkdirSync(pages, { recursive: true });
    writeFileSync(join(pages, 'index.shtml'), page(service));
    chmodSync(domain.keytab(service), 0o644);
  }
  const file = join(folder, 'httpd.conf');
  writeFileSync(file, configuration(folder, port, domain, sites));

  const env = { ...process.env, KRB5_CONFIG: join(folder, 'krb5.conf'), KRB5RCACHEDIR: join(folder, 'replays') };
  writeFileSync(env.KRB5_CONFIG, `[libdefaults]\n  default_realm = ${domain.realm}\n  dns_lookup_kdc = false\n  rdns = false\n`);
  const args = ['-f', file, '-DFOREGROUND'];
  const server = startChild('apache2', args, { env: { ...env, ...(clock === undefined ? {} : withClock(clock)) } });
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

/** Says whom it takes the visitor for: in the page and, for programs, in a header. */
const page = (service: string): string =>
  `<!doctype html><title>${service}</title><h1>${service}</h1><p>You are <strong id="user"><!--#echo var="REMOTE_USER" --></strong></p>\n`;

const MODULE_NAMES = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'auth_gssapi',
  'session',
  'session_cookie',
  'headers',
  'dir',
  'env',
  'mime',
  'include',
];

const configuration = (folder: string, port: number, domain: Domain, sites: readonly Site[]): string => `
ServerRoot "${folder}"
ServerName app.corp.example
Listen 127.0.0.1:${port}
PidFile "${folder}/httpd.pid"
Mutex file:${folder} default
${userInfo().uid === 0 ? 'User www-data\nGroup www-data' : ''}
${MODULE_NAMES.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /dev/null
DirectoryIndex index.shtml
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
LogLevel warn
ErrorLog "|/bin/cat"
DocumentRoot "${folder}/htdocs"
KeepAlive On
KeepAliveTimeout 30
MaxKeepAliveRequests 0
LimitRequestFieldSize 65536
<Location "/">
  Options +Includes
  Require all granted
</Location>
${sites
  .filter(({ open }) => !open)
  .map(
    ({ path, service, session }) => `<Location "/${path}">
  AuthType GSSAPI
  AuthName "${service}"
  GssapiCredStore keytab:${domain.keytab(service)}
  GssapiAllowedMech krb5
  ${session ? `GssapiUseSessions On\n  Session On\n  SessionCookieName site_session path=/${path};httponly` : ''}
  Require valid-user
  Header always set X-Remote-User "expr=%{REMOTE_USER}"
</Location>`,
  )
  .join('\n')}
`;
