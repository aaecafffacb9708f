// Connectors of the running simulation: the real program, a process for each, enrolled with a code of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { SallyportError } from '../protocol/errors.ts';
import { clockVariables } from './clock.ts';
import { Guardian } from './guardian.ts';

export interface LocalConnector {
  readonly pid: number;
  readonly stateDirectory: string;
  /** Where its log goes. */
  readonly logFile: string;
}

export interface LocalConnectors {
  readonly all: readonly LocalConnector[];
  start(enrolmentCode: string, name: string): Promise<LocalConnector>;
  dispose(): Promise<void>;
}

const NAMES = new URL('local-names.mjs', import.meta.url).href;
/** Running exchanges end with the simulator anyway. */
const DRAIN_SECONDS = 2;
const STOP_DEADLINE_MS = 10_000;
const READY_DEADLINE_MS = 30_000;

export interface ConnectorOptions {
  /** The bundled connector. */
  readonly program: string;
  /** The origins that it may call. */
  readonly allow: readonly string[];
  /** Where origins are dialled, if not where their names lead. */
  readonly connectTo: readonly string[];
  /** A file with further settings. */
  readonly config: string | null;
  /** The portal's host. */
  readonly portalHost: string;
  /** PEM to trust where the simulator speaks TLS. */
  readonly authority?: string | undefined;
}

/**
 * The lists of a file of connector settings to which ours are added: flags take the place of what a file says, so they are given with ours.
 * What else is wrong with the file is the connector's to tell.
 */
export const listsIn = (file: string): { readonly allow?: readonly string[]; readonly connectTo?: readonly string[] } => {
  let settings: unknown;
  try {
    settings = parseYaml(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
  const { allow, connectTo } = (settings ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(Array.isArray(allow) && { allow: allow.map(String) }),
    ...(Array.isArray(connectTo) && { connectTo: connectTo.map(String) }),
  };
};

export const createConnectors = ({ program, allow, connectTo, config, portalHost, authority }: ConnectorOptions): LocalConnectors => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-connectors-'));
  const guardian = new Guardian();
  const authorityFile = join(folder, 'authority.pem');
  if (authority !== undefined) writeFileSync(authorityFile, authority);
  const running: { connector: LocalConnector; stop(): Promise<void> }[] = [];

  const start = async (enrolmentCode: string, name: string): Promise<LocalConnector> => {
    const stateDirectory = join(folder, name);
    const logFile = join(folder, `${name}.log`);
    mkdirSync(stateDirectory, { mode: 0o700 });
    const settings = [
      '--state-directory',
      stateDirectory,
      '--name',
      name,
      '--health-address',
      'off',
      '--drain-seconds',
      String(DRAIN_SECONDS),
      ...(authority === undefined ? [] : ['--ca-file', authorityFile]),
      ...(config === null ? [] : ['--config', config]),
      ...allow.flatMap((origin) => ['--allow', origin]),
      ...connectTo.flatMap((entry) => ['--connect-to', entry]),
    ];
    const child = spawn(process.execPath, ['--import', NAMES, program, ...settings], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal goes to the whole process group: ending connectors, and when, is ours to decide.
      detached: true,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        LOCAL_NAMES: portalHost,
        SALLYPORT_ENROLMENT_CODE: enrolmentCode,
        ...clockVariables(process.env),
      },
    });
    const { pid } = child;
    if (pid !== undefined) guardian.watch(pid);
    child.once('exit', () => pid !== undefined && guardian.forget(pid));
    const log = createWriteStream(logFile);
    let text = '';
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new SallyportError('ERR_NO_CONNECTOR', `Connector ${name} ${why}:\n${text.slice(-2000)}`));
      const timer = setTimeout(() => fail(`had no tunnel within ${READY_DEADLINE_MS / 1000} s`), READY_DEADLINE_MS);
      const read = (chunk: Buffer) => {
        log.write(chunk);
        if (text.length < 100_000) text += chunk;
        if (text.includes('"event":"tunnel.open"')) {
          clearTimeout(timer);
          resolve();
        }
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', (error) => fail(`could not be started (${error.message})`));
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${code ?? signal}`);
      });
    });
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(timer);
      log.end();
    };
    const connector: LocalConnector = { pid: child.pid ?? 0, stateDirectory, logFile };
    running.push({ connector, stop });
    await ready;
    return connector;
  };

  return {
    get all() {
      return running.map(({ connector }) => connector);
    },
    start,
    dispose: async () => {
      await Promise.all(running.map(({ stop }) => stop()));
      guardian.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
