// `npm start`: Sallyport on this machine, from nothing to a page in the browser. For development and tests only.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { createLog } from '../protocol/log.ts';
import { build, findBuilt } from './built.ts';
import { oneTimeCode, USERS } from './identity-provider/users.ts';
import { type LocalDeployment, startLocalDeployment } from './local-deployment.ts';
import { startPublicServer } from './public-server.ts';
import { prepareReadyFile, type ReadyFile, writeReadyFile } from './ready-file.ts';
import { signIn } from './sign-in.ts';
import { parseStartOptions, type StartOptions, USAGE } from './start-options.ts';
import { createWebUser } from './web-user.ts';

const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 2;
const PARENT_INTERVAL_MS = 500;

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
  // After the port: who starts twice by mistake does not take the first one's file away.
  if (options.readyFile) prepareReadyFile(options.readyFile);
  if (options.assembly === null) console.log(`Building ${options.tenant ?? 'the local tenant'} and the connector …`);
  const built = options.assembly === null ? await build(folder, options.tenant, signal) : findBuilt(options.assembly);

  // What is said while everything ends is about the end.
  const log = createLog({ level: 'error', write: (line) => !signal.aborted && process.stderr.write(`${line}\n`) });
  const deployment = await startLocalDeployment(options, built, log, signal);
  try {
    if (options.connectors > 0) await proveItWorks(deployment.ready);
    signal.throwIfAborted();
    deployment.begin();
    if (options.readyFile) writeReadyFile(options.readyFile, deployment.ready);
    console.log(welcome(deployment.ready, options, (performance.now() - startedAt) / 1000));
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

/** Ready is what a user would call so: signed in, and the first application answers through the whole path. */
const proveItWorks = async (ready: ReadyFile): Promise<void> => {
  const [first] = ready.applications;
  if (!first) return;
  const cookie = await signIn(ready, 'bob', first.name);
  const web = createWebUser({ ca: ready.certificate });
  try {
    const page = await web.open(first.url, cookie);
    if (page.status !== 200) throw new SallyportError('ERR_INTERNAL', `${first.url} answered ${page.status}: ${page.text.slice(0, 500)}`);
  } finally {
    await web.close();
  }
};

const welcome = (ready: ReadyFile, { readyFile, connectors }: StartOptions, seconds: number): string => `
Ready in ${seconds.toFixed(1)} s. Open ${ready.portal}

  Sign in as
${USERS.map((user) => `    ${user.username.padEnd(8)}${user.password.padEnd(14)}${describeUser(user)}`).join('\n')}

  Applications
${ready.applications.map(({ name, url }) => `    ${name.padEnd(12)}  ${url}`).join('\n')}

  Try
    Open the intranet and see who it takes you for; sign its guestbook with a picture; watch its clock.
    What AWS would bill so far:    curl ${ready.meter}
    What else can be looked at:    curl ${ready.control}/
${readyFile ? withReadyFile(readyFile, ready) : '    More with --ready-file FILE:   a Cookie header for curl, and `npx sallyport --simulator FILE status`'}
${connectors === 0 ? '\n  No connector was started: applications are offline until one enrols.\n' : ''}
Ctrl-C ends everything.
`;

const describeUser = (user: (typeof USERS)[number]): string =>
  `${user.groups.join(', ') || 'no groups'}${user.secondFactor === 'never' ? '' : `; one-time code ${oneTimeCode(user)}${user.secondFactor === 'always' ? '' : ' when asked'}`}`;

const withReadyFile = (file: string, { applications, certificate }: ReadyFile): string => `\
    A Cookie header for curl:      npm run --silent sign-in -- --ready-file ${file} --user bob --application ${applications[0]?.name}
    Connectors and tunnels:        npx sallyport --simulator ${file} status${
      certificate === undefined ? '' : `\n    The authority to trust (PEM):  "certificate" in ${file}`
    }`;

main().catch((error: unknown) => {
  const { code, message } = asSallyportError(error);
  console.error(`${code}: ${message}`);
  process.exitCode = code === 'ERR_CONFIGURATION_INVALID' ? EXIT_CONFIGURATION : EXIT_FAILED;
});
