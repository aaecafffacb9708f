// Reads the configuration: flags before environment before file before defaults. What is not known is refused, and all faults
// are told at once.
import { parse as parseYaml } from 'yaml';
import { SallyportError } from '../protocol/errors.ts';
import { type Config, flagName, SETTINGS, type Setting, type SettingName, variableName } from './settings.ts';

const PREFIX = 'SALLYPORT_';
const CONFIG_FLAG = '--config';
const CONFIG_VARIABLE = 'SALLYPORT_CONFIG';

export interface ConfigSources {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file's text. */
  readonly read: (path: string) => string;
}

/** What a source says, and how it calls the setting. */
interface Said {
  readonly value: unknown;
  readonly as: string;
}

type Layer = Map<SettingName, Said>;

/** Throws ERR_CONFIGURATION_INVALID with one line for each fault. */
export const readConfig = ({ args, env, read }: ConfigSources): Config => {
  const faults: string[] = [];
  const flags = readFlags(args, faults);
  const variables = readVariables(env, faults);
  const path = flags.config ?? env[CONFIG_VARIABLE];
  const layers = [flags.layer, variables, path ? readFile(path, read, faults) : new Map()];

  const config = Object.fromEntries(
    NAMES.map((name) => {
      const said = layers.map((layer) => layer.get(name)).find((entry) => entry !== undefined);
      const setting: Setting = SETTINGS[name];
      if (said === undefined && setting.default === undefined) return [name, undefined];
      const { success, data, error } = setting.schema.safeParse(said === undefined ? setting.default : said.value);
      if (!success) faults.push(`${said?.as ?? name}: ${error.issues.map(({ message }) => message).join(', ')}`);
      return [name, data];
    }),
  );
  if (faults.length > 0) {
    const count = faults.length === 1 ? 'is one fault' : `are ${faults.length} faults`;
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `There ${count} in the configuration:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
  return Object.freeze(config) as Config;
};

const NAMES = Object.keys(SETTINGS) as SettingName[];

const isFlag = (name: SettingName): boolean => (SETTINGS[name] as Setting).flag !== false;

const readFlags = (args: readonly string[], faults: string[]): { config: string | undefined; layer: Layer } => {
  const layer: Layer = new Map();
  let config: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const [flag = '', inline] = split(args[at]!);
    const name = NAMES.find((candidate) => flagName(candidate) === flag);
    if (name !== undefined && !isFlag(name)) {
      // Its value is passed over unread: what is a secret is repeated nowhere.
      if (inline === undefined) at += 1;
      faults.push(`${flag} would show a secret to every user of this machine: set ${variableName(name)} or --enrolment-code-file`);
      continue;
    }
    if (name === undefined && flag !== CONFIG_FLAG) {
      const what = flag.startsWith('-') ? `${flag}: unknown flag` : `an argument without a flag before it`;
      faults.push(`${what}; known are ${[CONFIG_FLAG, ...NAMES.filter(isFlag).map(flagName)].join(' ')}`);
      if (flag.startsWith('-') && inline === undefined && !(args[at + 1] ?? '-').startsWith('-')) at += 1;
      continue;
    }
    const text = inline ?? args[at + 1];
    if (text === undefined || (inline === undefined && /^--[a-z]/.test(text))) {
      faults.push(`${flag}: expected a value`);
      continue;
    }
    if (inline === undefined) at += 1;
    if (name === undefined) {
      config = text;
    } else if (SETTINGS[name].text === 'list') {
      const before = layer.get(name)?.value as unknown[] | undefined;
      layer.set(name, { value: [...(before ?? []), ...(fromText(name, text) as unknown[])], as: flag });
    } else if (layer.has(name)) {
      faults.push(`${flag}: given twice`);
    } else {
      layer.set(name, { value: fromText(name, text), as: flag });
    }
  }
  return { config, layer };
};

const readVariables = (env: ConfigSources['env'], faults: string[]): Layer => {
  const layer: Layer = new Map();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_VARIABLE || text === undefined) continue;
    const name = NAMES.find((candidate) => variableName(candidate) === variable);
    if (name === undefined)
      faults.push(`${variable}: unknown variable; known are ${[CONFIG_VARIABLE, ...NAMES.map(variableName)].join(' ')}`);
    else if (text !== '') layer.set(name, { value: fromText(name, text), as: variable });
  }
  return layer;
};

const readFile = (path: string, read: ConfigSources['read'], faults: string[]): Layer => {
  const layer: Layer = new Map();
  let content: unknown;
  try {
    content = parseYaml(read(path));
  } catch (error) {
    faults.push(`${path}: cannot be read: ${(error as Error).message.split('\n')[0]}`);
    return layer;
  }
  if (content === null || content === undefined) return layer;
  if (typeof content !== 'object' || Array.isArray(content)) {
    faults.push(`${path}: expected keys and values`);
    return layer;
  }
  for (const [key, value] of Object.entries(content)) {
    const name = NAMES.find((candidate) => candidate === key);
    if (name === undefined) faults.push(`${path}: ${key}: unknown key; known are ${NAMES.filter(isInFile).join(' ')}`);
    else if (!isInFile(name)) faults.push(`${path}: ${key}: set ${variableName(name)} instead`);
    else layer.set(name, { value, as: `${path}: ${key}` });
  }
  return layer;
};

const isInFile = (name: SettingName): boolean => (SETTINGS[name] as Setting).file !== false;

const split = (arg: string): [string, string | undefined] => {
  const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
  return equals < 0 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
};

/** Lists are separated by commas or blanks. A text that is no number is left to the schema to refuse. */
const fromText = (name: SettingName, text: string): unknown => {
  switch (SETTINGS[name].text) {
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'list':
      return text.split(/[\s,]+/).filter((entry) => entry !== '');
    case 'text':
      return text;
  }
};
