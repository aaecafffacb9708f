// `npm start`: Sallyport on this machine, from nothing to a page in the browser. For development and tests only.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { createLog } from '../protocol/log.ts';
import { readTenantFile } from '../tenants/load.ts';
import { build, findBuilt } from './built.ts';
import { USERS } from './identity-provider/users.ts';
import { type LocalDeployment, startLocalDeployment } from './local-deployment.ts';
import { startPublicServer } from './public-server.ts';
import { prepareReadyFile, writeReadyFile } from './ready-file.ts';
import { signInHere } from './sign-in.ts';
import { parseStartOptions, type StartOptions, USAGE } from './start-options.ts';
import { createWebUser } from './web-user.ts';
import { welcome } from './welcome.ts';

const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 2;
const PARENT_INTERVAL_MS = 500;
const BOB = USERS.find(({ username }) => username === 'bob')!;

const main = async (): Promise<void> => {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === null) return console.log(USAGE);

  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopping.abort(new Interrupted());
      // Asked twice, it does not wait; what it started is then ended for it (guardian.ts).
      process.once(signal, () => process.exit(EXIT_FAILED));
    });
  }

  const unwatch = watchNpm(() => stopping.abort(new Interrupted()));
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  let deployment: LocalDeployment | null = null;
  try {
    deployment = await start(options, folder, stopping.signal);
    await stopped;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    unwatch();
    await deployment?.dispose();
    if (deployment && options.readyFile) rmSync(options.readyFile, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
};

class Interrupted extends Error {}

/** npm's shell does not hand signals on: when it is gone, so is whoever asked for this. */
const watchNpm = (gone: () => void): (() => void) => {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => process.ppid !== parent && gone(), PARENT_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
};

const start = async (options: StartOptions, folder: string, signal: AbortSignal): Promise<LocalDeployment> => {
  const startedAt = performance.now();
  console.log('Starting simulated AWS: for development and tests only; it listens on loopback alone.');
  await refuseTakenPort(options);
  // Its faults are told by themselves, and not as a build's.
  if (options.tenant !== null) readTenantFile(options.tenant);
  // After the port: who starts twice by mistake does not take the first one's file away.
  if (options.readyFile) prepareReadyFile(options.readyFile);
  if (options.assembly === null) console.log(`Building ${options.tenant ?? 'the local tenant'} and the connector …`);
  const built = options.assembly === null ? await build(folder, options.tenant, signal) : findBuilt(options.assembly);

  // What is said while everything ends is about the end.
  const log = createLog({ level: 'error', write: (line) => !signal.aborted && process.stderr.write(`${line}\n`) });
  const deployment = await startLocalDeployment(options, built, log, signal);
  try {
    await proveItWorks(deployment);
    signal.throwIfAborted();
    deployment.begin();
    if (options.readyFile) writeReadyFile(options.readyFile, deployment.ready);
    console.log(welcome(deployment, options, (performance.now() - startedAt) / 1000));
    return deployment;
  } catch (error) {
    await deployment.dispose();
    throw error;
  }
};

/** Before the build, which takes its time. */
const refuseTakenPort = async ({ port }: StartOptions): Promise<void> => {
  const probe = await startPublicServer({ port, tls: false, now: Date.now });
  await probe.dispose();
};

/** Ready is what a user would call so: signed in, and an application answers through the whole path. */
const proveItWorks = async ({ ready, proof }: LocalDeployment): Promise<void> => {
  if (proof === null) return;
  const cookie = await signInHere(ready, BOB, proof);
  const web = createWebUser({ ca: ready.certificate, allHere: true });
  try {
    const page = await web.open(proof, cookie);
    if (page.status !== 200) throw new SallyportError('ERR_INTERNAL', `${proof} answered ${page.status}: ${page.text.slice(0, 500)}`);
  } finally {
    await web.close();
  }
};

main().catch((error: unknown) => {
  const { code, message } = asSallyportError(error);
  console.error(`${code}: ${message}`);
  process.exitCode = code === 'ERR_CONFIGURATION_INVALID' ? EXIT_CONFIGURATION : EXIT_FAILED;
});
