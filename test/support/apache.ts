// Apache as Debian ships it, with mod_auth_gssapi: an intranet site that takes users by their Kerberos tickets and by nothing else.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Domain } from './active-directory/domain.ts';
import { type ApacheServer, startApacheServer } from './apache-server.ts';
import { withClock } from './faketime.ts';
import { freePort } from './free-port.ts';

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

export const startApache = async (domain: Domain, sites: readonly Site[], { clock }: ApacheOptions = {}): Promise<ApacheServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-apache-'));
  const port = await freePort();
  chmodSync(domain.folder, 0o755);
  // Its workers write here.
  mkdirSync(join(folder, 'replays'));
  chownSync(join(folder, 'replays'), WWW_DATA, WWW_DATA);
  for (const { path, service } of sites) {
    const pages = join(folder, 'htdocs', path);
    mkdirSync(pages, { recursive: true });
    writeFileSync(join(pages, 'index.shtml'), page(service));
    chmodSync(domain.keytab(service), 0o644);
  }
  const env = { ...process.env, KRB5_CONFIG: join(folder, 'krb5.conf'), KRB5RCACHEDIR: join(folder, 'replays') };
  writeFileSync(env.KRB5_CONFIG, `[libdefaults]\n  default_realm = ${domain.realm}\n  dns_lookup_kdc = false\n  rdns = false\n`);
  return startApacheServer({
    ...{ folder, port, serverName: 'app.corp.example', modules: MODULES, directives: directives(domain, sites) },
    env: { ...env, ...(clock === undefined ? {} : withClock(clock)) },
  });
};

/** Says whom it takes the visitor for: in the page and, for programs, in a header. */
const page = (service: string): string =>
  `<!doctype html><title>${service}</title><h1>${service}</h1><p>You are <strong id="user"><!--#echo var="REMOTE_USER" --></strong></p>\n`;

const MODULES = ['auth_gssapi', 'session', 'session_cookie', 'headers', 'env'];

const directives = (domain: Domain, sites: readonly Site[]): string => `
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
  .join('\n')}`;
