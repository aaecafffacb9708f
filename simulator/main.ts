// `npm start`: Sallyport on this machine, from nothing to a page in the browser. For development and tests only.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { createLog } from '../protocol/log.ts';
import { startLocalDeployment } from './local-deployment.ts';
import { type ReadyFile, writeReadyFile } from './ready-file.ts';
import { signIn } from './sign-in.ts';
import { parseStartOptions, USAGE } from './start-options.ts';
import { createWebUser } from './web-user.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const main = async (): Promise<void> => {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === null) return console.log(USAGE);

  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (options.readyFile) rmSync(options.readyFile, { force: true });
  if (options.assembly === null) buildAll();

  console.log('Starting. This is for development and tests only; it listens on loopback alone.');
  const log = createLog({ level: 'warn', write: (line) => process.stderr.write(`${line}\n`) });
  const deployment = await startLocalDeployment(options, log);
  try {
    const proved = proveItWorks(deployment.ready);
    await Promise.race([proved, stopped.then(() => Promise.reject(new Interrupted()))]);
    if (options.readyFile) writeReadyFile(options.readyFile, deployment.ready);
    console.log(welcome(deployment.ready));
    await stopped;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    await deployment.dispose();
    if (options.readyFile) rmSync(options.readyFile, { force: true });
  }
};

class Interrupted extends Error {}

const buildAll = (): void => {
  console.log('Building the local tenant and the connector …');
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'build/build.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new SallyportError('ERR_CONFIGURATION_INVALID', 'The build failed: see above.');
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

const welcome = (ready: ReadyFile): string => `
Ready. Open ${ready.portal}

  Sign in as
${ready.users.map(({ username, password, groups }) => `    ${username.padEnd(8)}${password.padEnd(14)}${groups.join(', ') || 'no groups'}`).join('\n')}

  Applications
${ready.applications.map(({ name, url }) => `    ${name.padEnd(12)}${url}`).join('\n')}

  Try: open the intranet and see who it takes you for; sign its guestbook with a picture; watch its clock;
       npm run sign-in -- --ready-file FILE --user bob --application intranet     a Cookie header for curl
       curl ${ready.meter}     what AWS would bill so far

Ctrl-C ends everything.
`;

main().catch((error: unknown) => {
  const { code, message } = asSallyportError(error);
  console.error(`${code}: ${message}`);
  process.exitCode = 1;
});
