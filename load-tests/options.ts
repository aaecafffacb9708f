// The options of `npm run load`.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SallyportError } from '../protocol/errors.ts';

const FOLDER = fileURLToPath(new URL('./scenarios', import.meta.url));
/** Takes a connector away. */
const LAST = 'connector-loss';

/** In the order in which they run. */
export const SCENARIOS: readonly string[] = readdirSync(FOLDER)
  .map((file) => basename(file, '.yml'))
  .sort((one, other) => Number(one === LAST) - Number(other === LAST) || one.localeCompare(other));

const OPTIONS = {
  'ready-file': { type: 'string' },
  target: { type: 'string' },
  application: { type: 'string' },
  user: { type: 'string', default: 'bob' },
  scenario: { type: 'string' },
  kill: { type: 'string' },
  results: { type: 'string' },
  help: { type: 'boolean' },
} as const;

export interface LoadOptions {
  /** Those that were asked for; null: all that can run there. */
  readonly scenarios: readonly string[] | null;
  readonly user: string;
  readonly application?: string;
  /** One of these two, or neither for a simulator of the run's own. */
  readonly 'ready-file'?: string;
  readonly target?: string;
  readonly kill?: string;
  /** The folder for what was measured. */
  readonly results?: string;
}

export const USAGE = `npm run load -- [options]

  --ready-file FILE   against a simulator that runs: what \`npm start -- --ready-file FILE\` wrote
  --target URL        against a deployed stack: the external URL of the application that publishes the sample site; who signs
                      in there: LOAD_USERNAME, and LOAD_PASSWORD or LOAD_PASSWORD_FILE (and LOAD_CODE)
  --application NAME  which application of the simulator is asked (default: the first)
  --user NAME         who signs in (default: bob)
  --scenario NAME     only this one of ${SCENARIOS.join(', ')}
  --kill COMMAND      with --target: what takes a connector away for ${LAST}
  --results DIR       where to write what was measured (default: load-tests/results)
  --help              this text

With neither --ready-file nor --target a simulator is started for the run. Ends with 1 when a threshold is missed.`;

/** Null when help was asked for. Throws ERR_CONFIGURATION_INVALID. */
export const readOptions = (args: readonly string[]): LoadOptions | null => {
  const { scenario, help, ...values } = parse(args);
  if (help) return null;
  const { 'ready-file': readyFile, target } = values;
  if (readyFile !== undefined && target !== undefined) {
    throw refused(
      'Give --ready-file FILE, what `npm start -- --ready-file FILE` wrote, or --target URL, an application of a deployed stack, not both.',
    );
  }
  if (target !== undefined && !/^https:\/\//.test(URL.canParse(target) ? target : '')) {
    throw refused(`--target ${target} is no https URL: give the external URL of the application that publishes the sample site.`);
  }
  const scenarios = scenario?.split(',') ?? null;
  const unknown = scenarios?.find((name) => !SCENARIOS.includes(name));
  if (unknown !== undefined) throw refused(`There is no scenario ${unknown}; there are ${SCENARIOS.join(', ')}.`);
  return { ...values, scenarios };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const options = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw refused(`${(error as Error).message}. There are ${options.join(', ')}, each with a value; load-tests/README.md tells them.`);
  }
};

export const refused = (message: string) => new SallyportError('ERR_CONFIGURATION_INVALID', message);
