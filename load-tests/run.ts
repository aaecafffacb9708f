// `npm run load -- --ready-file FILE [--application NAME] [--user NAME] [--scenario NAME]`: an Artillery scenario against a running
// simulator, signed in through the real pages. Artillery is installed here on first use. Ends with 1 when a threshold is missed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { readReadyFile } from '../simulator/ready-file.ts';
import { signIn } from '../simulator/sign-in.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SCENARIOS = join(HERE, 'scenarios');
const ARTILLERY = join(HERE, 'node_modules/.bin/artillery');

const OPTIONS = {
  'ready-file': { type: 'string' },
  application: { type: 'string' },
  user: { type: 'string', default: 'bob' },
  scenario: { type: 'string', default: 'steady' },
} as const;

const main = async (args: readonly string[]): Promise<number> => {
  const { 'ready-file': readyFile, application: wanted, user, scenario } = readOptions(args);
  const ready = readReadyFile(readyFile);
  if (ready.certificate !== undefined) throw refused('The load tests speak plain HTTP: start the simulator without --tls.');
  const application = ready.applications.find(({ name }) => wanted === undefined || name === wanted);
  if (!application) throw refused(`There is no application ${wanted}; there are ${ready.applications.map(({ name }) => name).join(', ')}.`);

  if (!existsSync(ARTILLERY)) execFileSync('npm', ['ci'], { cwd: HERE, stdio: 'inherit' });
  // Node does not resolve *.localhost everywhere: the address is loopback, the name goes into Host.
  const url = new URL(application.url);
  const env = {
    ...process.env,
    ARTILLERY_DISABLE_TELEMETRY: 'true',
    LOAD_TARGET: `${url.protocol}//127.0.0.1:${url.port}`,
    LOAD_HOST: url.host,
    LOAD_COOKIE: await signIn(ready, user, application.name),
  };
  return spawnSync(ARTILLERY, ['run', join(SCENARIOS, `${scenario}.yml`)], { stdio: 'inherit', env }).status ?? 1;
};

const readOptions = (args: readonly string[]) => {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw refused(`${(error as Error).message}. Give --ready-file FILE, and maybe --application, --user, --scenario.`);
  }
  const { 'ready-file': readyFile, scenario } = values;
  if (readyFile === undefined) throw refused('Give --ready-file FILE: what `npm start -- --ready-file FILE` wrote.');
  const scenarios = readdirSync(SCENARIOS).map((file) => basename(file, '.yml'));
  if (!scenarios.includes(scenario)) throw refused(`There is no scenario ${scenario}; there are ${scenarios.join(', ')}.`);
  return { ...values, 'ready-file': readyFile };
};

const parse = (args: readonly string[]) => parseArgs({ args: [...args], options: OPTIONS }).values;

const refused = (message: string) => new SallyportError('ERR_CONFIGURATION_INVALID', message);

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exitCode = code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1;
  },
);
