// Other ways to an origin on this machine: nothing in between, a proxy, a tunnel that people use instead. Those of Debian are taken where they
// are installed, with keys and configuration of their own, on loopback.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../../test/support/free-port.ts';

export interface Way {
  readonly name: string;
  /** Without a final slash; null: the named Debian packages are not installed. */
  readonly url: string | null;
  readonly missing: string;
  dispose(): Promise<void>;
}

const UP_MS = 20_000;
const LOOK_MS = 50;
const SSHD = '/usr/sbin/sshd';
const HAPROXY = '/usr/sbin/haproxy';

const nothing = async (): Promise<void> => undefined;

export const bareOrigin = (url: string): Way => ({ name: 'bare origin', url, missing: '', dispose: nothing });

/** A proxy without a tunnel: what passing requests on costs at least. */
export const startHaproxy = async (origin: string): Promise<Way> => {
  const name = 'haproxy (a proxy, no tunnel)';
  if (!existsSync(HAPROXY)) return { name, url: null, missing: 'haproxy', dispose: nothing };
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-haproxy-'));
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\nlisten all\n  bind 127.0.0.1:${port}\n` +
      `  server origin ${new URL(origin).host}\n`,
  );
  const child = spawn(HAPROXY, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  return up(name, [child], port, folder);
};

/** `ssh -R`: the inside dials out, as a connector does. */
export const startOpenSsh = async (origin: string): Promise<Way> => {
  const name = 'OpenSSH, ssh -R';
  if (!existsSync(SSHD) || !existsSync('/usr/bin/ssh')) {
    return { name, url: null, missing: 'openssh-server openssh-client', dispose: nothing };
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'));
  for (const key of ['host', 'user']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  const [port, sshPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')));
  writeFileSync(
    join(folder, 'sshd.conf'),
    `Port ${sshPort}\nListenAddress 127.0.0.1\nHostKey ${join(folder, 'host')}\nAuthorizedKeysFile ${join(folder, 'authorized')}\n` +
      'UsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n',
  );
  // Where Debian's unit would make it.
  const server = spawn('sh', ['-c', `mkdir -p /run/sshd; exec ${SSHD} -D -e -f ${join(folder, 'sshd.conf')}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(sshPort, [server], folder);
  const trusting = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ExitOnForwardFailure=yes'];
  const forward = [
    '-N',
    '-F',
    'none',
    '-i',
    join(folder, 'user'),
    '-p',
    String(sshPort),
    '-R',
    `127.0.0.1:${port}:${new URL(origin).host}`,
  ];
  const client = spawn('ssh', [...trusting, ...forward, `${userInfo().username}@127.0.0.1`], { stdio: ['ignore', 'ignore', 'pipe'] });
  return up(name, [client, server], port, folder);
};

const up = async (name: string, children: readonly ChildProcess[], port: number, folder: string): Promise<Way> => {
  await listening(port, children, folder);
  return { name, url: `http://127.0.0.1:${port}`, missing: '', dispose: () => end(children, folder) };
};

/** Throws with what they said when nobody listens in time, and ends them. */
const listening = async (port: number, children: readonly ChildProcess[], folder: string): Promise<void> => {
  let said = '';
  for (const child of children) child.stderr?.on('data', (chunk) => (said += chunk));
  const deadline = Date.now() + UP_MS;
  while (!(await answers(port))) {
    if (Date.now() > deadline || children.some(({ exitCode }) => exitCode !== null)) {
      await end(children, folder);
      throw new Error(`Nobody listens at port ${port}:\n${said.slice(-2000)}`);
    }
    await wait(LOOK_MS);
  }
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    probe.once('error', () => resolve(false)).once('connect', () => probe.end(() => resolve(true)));
  });

const end = async (children: readonly ChildProcess[], folder: string): Promise<void> => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const closed = once(child, 'close');
    child.kill();
    await closed;
  }
  rmSync(folder, { recursive: true, force: true });
};
