// `npm run load -- --ready-file FILE [--application NAME] [--scenario NAME]`: an Artillery scenario against a running simulator,
// signed in as a user of its. Artillery is installed here on first use.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ARTILLERY = join(HERE, 'node_modules/.bin/artillery');

const { values } = parseArgs({
  options: {
    'ready-file': { type: 'string' },
    application: { type: 'string' },
    user: { type: 'string', default: 'bob' },
    scenario: { type: 'string', default: 'steady' },
  },
});
const readyFile = values['ready-file'];
if (!readyFile) throw new Error('Give --ready-file FILE: what `npm start -- --ready-file FILE` wrote.');

const ready: { applications: Array<{ name: string; url: string }> } = JSON.parse(readFileSync(readyFile, 'utf8'));
const application = ready.applications.find(({ name }) => !values.application || name === values.application);
if (!application)
  throw new Error(`No application ${values.application}: there are ${ready.applications.map(({ name }) => name).join(', ')}.`);

if (!existsSync(ARTILLERY)) execFileSync('npm', ['ci'], { cwd: HERE, stdio: 'inherit' });
const signIn = ['run', '--silent', 'sign-in', '--', '--ready-file', readyFile, '--user', values.user, '--application', application.name];
const cookie = execFileSync('npm', signIn, { encoding: 'utf8' }).trim();

// Node does not resolve *.localhost everywhere: the address is loopback, the name goes into Host.
const url = new URL(application.url);
const env = {
  ...process.env,
  ARTILLERY_DISABLE_TELEMETRY: 'true',
  LOAD_TARGET: `${url.protocol}//127.0.0.1:${url.port}`,
  LOAD_HOST: url.host,
  LOAD_COOKIE: cookie.replace(/^Cookie:\s*/i, ''),
};
const { status } = spawnSync(ARTILLERY, ['run', join(HERE, 'scenarios', `${values.scenario}.yml`)], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
