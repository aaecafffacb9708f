// A real Active Directory domain: Samba's domain controller as Debian ships it, on loopback, all of it below one folder. Needs root,
// since the controller gives its files to accounts that it numbers itself.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../child.ts';
import { connectable } from '../connectable.ts';
import { freePort } from '../free-port.ts';

export interface DomainUser {
  readonly name: string;
  /** A user principal name whose suffix need not be the realm. */
  readonly upn?: string;
  /** "Account is sensitive and cannot be delegated". */
  readonly protected?: boolean;
  readonly disabled?: boolean;
}

/** An account with a keytab; one that delegates may sign users in to these. */
export interface DomainService {
  readonly name: string;
  readonly principal: string;
  readonly delegates?: readonly string[];
  /** "Use any authentication protocol". */
  readonly protocolTransition?: boolean;
}

export interface Domain {
  readonly realm: string;
  /** host:port of the domain controller. */
  readonly controller: string;
  readonly folder: string;
  keytab(service: string): string;
  /** A credential cache of somebody who has signed in with their password. */
  cache(user: string): string;
  /** The controller ends; nobody listens. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** It accepts connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Gives a service a new key, and writes its keytab anew. */
  rekey(service: string): void;
  dispose(): Promise<void>;
}

/** Of a domain that lives for a minute nothing need reach the disk. */
const ENVIRONMENT = { ...process.env, TZ: 'UTC', TDB_NO_FSYNC: '1', PYTHONDONTWRITEBYTECODE: '1' };
/** Debian's own Python, where Samba's modules are. */
const PYTHON = '/usr/bin/python3';
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What is missing here for a domain; null when nothing is. */
export const domainImpossible = (): string | null => {
  if (!existsSync('/usr/sbin/samba')) return 'the Debian packages samba-ad-dc and samba-ad-provision';
  return process.getuid?.() === 0 ? null : 'root: a Samba domain controller gives its files to accounts that it numbers itself';
};

export const startDomain = async (realm: string, users: readonly DomainUser[], services: readonly DomainService[]): Promise<Domain> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-domain-'));
  const port = await freePort();
  configure(folder, realm, port);
  python('provision.py', { folder, realm, users, services });
  let samba: Child | null = null;

  const start = async () => {
    const args = ['-F', '--no-process-group', '-M', 'single', '-s', join(folder, 'smb.conf'), '--debug-stdout', '-d', '1'];
    samba = startChild('samba', args, { env: ENVIRONMENT });
    await connectable(port, samba);
  };
  const stop = async () => {
    samba?.process.kill('SIGCONT');
    await samba?.stop();
    samba = null;
  };
  await start();

  return {
    realm,
    controller: `127.0.0.1:${port}`,
    folder,
    keytab: (service) => join(folder, `${service}.keytab`),
    cache: (user) => {
      const cache = join(folder, `${user}.cache`);
      python('user-cache.py', { folder, realm, user, cache }, { KRB5_CONFIG: join(folder, 'krb5.conf') });
      return cache;
    },
    start,
    stop,
    freeze: () => void samba?.process.kill('SIGSTOP'),
    thaw: () => void samba?.process.kill('SIGCONT'),
    rekey: (name) => {
      const { principal } = services.find((service) => service.name === name)!;
      const keytab = join(folder, `${name}.keytab`);
      const { mode } = statSync(keytab);
      rmSync(keytab);
      python('rekey.py', { folder, name, principal, keytab, password: `Another-${Math.random()}` });
      chmodSync(keytab, mode);
    },
    dispose: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const python = (script: string, wanted: object, env: Record<string, string> = {}): void => {
  const { status, stderr } = spawnSync(PYTHON, [join(HERE, script)], {
    input: JSON.stringify(wanted),
    env: { ...ENVIRONMENT, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr.slice(-4000)}`);
};

const configure = (folder: string, realm: string, port: number): void => {
  mkdirSync(join(folder, 'run'));
  writeFileSync(
    join(folder, 'krb5.conf'),
    `[libdefaults]\n  default_realm = ${realm}\n  dns_lookup_kdc = false\n  forwardable = true\n[realms]\n  ${realm} = {\n    kdc = 127.0.0.1:${port}\n  }\n`,
  );
  writeFileSync(
    join(folder, 'smb.conf'),
    `[global]
  netbios name = DC1
  realm = ${realm}
  workgroup = ${realm.split('.')[0]}
  server role = active directory domain controller
  server services = kdc
  dcerpc endpoint servers =
  interfaces = 127.0.0.1
  bind interfaces only = yes
  krb5 port = ${port}
  kpasswd port = 0
  private dir = ${folder}/private
  lock dir = ${folder}/lock
  state directory = ${folder}/state
  cache directory = ${folder}/cache
  pid directory = ${folder}/run
  ncalrpc dir = ${folder}/run/ncalrpc
  ntp signd socket directory = ${folder}/run/ntp
  winbindd socket directory = ${folder}/run/winbindd
  log file = ${folder}/log.%m
[sysvol]
  path = ${folder}/state/sysvol
  read only = no
[netlogon]
  path = ${folder}/state/sysvol/${realm.toLowerCase()}/scripts
  read only = no
`,
  );
};
