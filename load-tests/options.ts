// The options of `npm run load`.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SallyportError } from '../protocol/errors.ts';

const SCENARIOS = fileURLToPath(new URL('./scenarios', import.meta.url));

const OPTIONS = {
  'ready-file': { type: 'string' },
  target: { type: 'string' },
  application: { type: 'string' },
  user: { type: 'string', default: 'bob' },
  scenario: { type: 'string', default: 'steady' },
  kill: { type: 'string' },
} as const;

export interface LoadOptions {
  readonly scenario: string;
  readonly user: string;
  readonly application?: string;
  /** One of these two. */
  readonly 'ready-file'?: string;
  readonly target?: string;
  readonly kill?: string;
}

/** Throws ERR_CONFIGURATION_INVALID. */
export const readOptions = (args: readonly string[]): LoadOptions => {
  let values: LoadOptions;
  try {
    values = parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw refused(
      `${(error as Error).message}. Give --ready-file FILE or --target URL, and maybe --application, --user, --scenario, --kill.`,
    );
  }
  const { 'ready-file': readyFile, target, scenario } = values;
  if ((readyFile === undefined) === (target === undefined)) {
    throw refused(
      'Give --ready-file FILE, what `npm start -- --ready-file FILE` wrote, or --target URL, an application of a deployed stack.',
    );
  }
  if (target !== undefined && !/^https:\/\//.test(URL.canParse(target) ? target : '')) {
    throw refused(`--target ${target} is no https URL: give the external URL of the application that publishes the sample site.`);
  }
  const scenarios = readdirSync(SCENARIOS).map((file) => basename(file, '.yml'));
  if (!scenarios.includes(scenario)) throw refused(`There is no scenario ${scenario}; there are ${scenarios.join(', ')}.`);
  return values;
};

export const refused = (message: string) => new SallyportError('ERR_CONFIGURATION_INVALID', message);
