// The options of `npm start`. Unknown ones are refused, and everything that is wrong is said at once.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import type { StreamedLength } from './apigateway/response-head.ts';
import { type FaultName, parseFaults } from './faults.ts';
import type { Departures } from './lambda/lambda.ts';
import type { Mode } from './lambda/sandbox.ts';

export interface Publication {
  /** Becomes the application's id and the first label of its host. */
  readonly name: string;
  /** Ends with `/`. */
  readonly internalUrl: string;
}

export type Pace = 'aws' | 'off';

export interface StartOptions {
  readonly publish: readonly Publication[];
  /** Published applications are told of themselves by their internal name, and their links are translated. */
  readonly translate: boolean;
  /** 0: any free port. */
  readonly port: number;
  readonly connectors: number;
  /** Settings that every connector has beside our own. */
  readonly connectorConfig: string | null;
  readonly lambda: Mode;
  /** A folder with AWS's own runtime client, which runs the functions in the faithful mode; null: ours does. */
  readonly runtime: string | null;
  readonly tls: boolean;
  /** Whether streamed responses slow down after their first megabytes, as AWS's do. */
  readonly pace: Pace;
  readonly departures: Departures;
  readonly lengths: StreamedLength;
  readonly faults: Partial<Record<FaultName, number>>;
  readonly readyFile: string | null;
  /** The tenant file to run; null: the local tenant's. */
  readonly tenant: string | null;
  /** A synthesised assembly to use as it is, the tenant's; null: synthesise it. */
  readonly assembly: string | null;
}

export const DEFAULT_PORT = 8080;
const CONNECTORS_MAX = 20;

export const USAGE = `npm start -- [options]

  --publish NAME=URL       also publish a web application that runs on this machine (repeatable)
  --translate              have internal addresses that published applications hard-code translated
  --port PORT              where users come in; 0 takes any free port (default ${DEFAULT_PORT})
  --connectors N           how many connectors to start for each group, 0 to ${CONNECTORS_MAX} (default 1)
  --connector-config FILE  further settings of the connectors, in YAML (docs/connector.md)
  --lambda faithful|quick  a process for each execution environment, frozen in between, or a thread (default faithful)
  --runtime DIR            run functions in AWS's own runtime client, installed there (docs/simulator.md#lambda); faithful mode
  --tls                    serve https with a certificate made on the spot
  --pace aws|off           long responses slow down to 2 MB/s as on AWS, or never (default aws)
  --departures seen|unseen whether a function sees that its user has gone; on AWS it does not (default seen)
  --lengths kept|renamed   what becomes of a response's Content-Length: AWS's word for streamed ones is not known (default kept)
  --faults SPEC            break things on purpose, e.g. drop=0.01,delay=50
  --ready-file FILE        write addresses, users and keys there as JSON once all is ready
  --tenant FILE            run another tenant file than tenants/local.yaml, as it is (docs/simulator.md#a-tenant-of-your-own)
  --assembly DIR           run an assembly that was synthesised before, e.g. dist/assembly after npm run build
  --help                   this text`;

const FLAGS = {
  publish: { type: 'string', multiple: true },
  translate: { type: 'boolean' },
  port: { type: 'string' },
  connectors: { type: 'string' },
  'connector-config': { type: 'string' },
  lambda: { type: 'string' },
  runtime: { type: 'string' },
  tls: { type: 'boolean' },
  pace: { type: 'string' },
  departures: { type: 'string' },
  lengths: { type: 'string' },
  faults: { type: 'string' },
  'ready-file': { type: 'string' },
  tenant: { type: 'string' },
  assembly: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Null when help was asked for. Throws ERR_CONFIGURATION_INVALID that names every fault. */
export const parseStartOptions = (args: readonly string[]): StartOptions | null => {
  const values = parse(args);
  if (values.help) return null;

  const wrong: string[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      wrong.push(asSallyportError(error).message);
      return otherwise;
    }
  };
  const publish = (values.publish ?? []).map((text) => attempt(() => readPublication(text), { name: '', internalUrl: '' }));
  for (const name of repeated(publish.map((publication) => publication.name))) wrong.push(`--publish names ${name} twice`);
  const options: StartOptions = {
    publish,
    translate: values.translate ?? false,
    port: attempt(() => readNumber('--port', values.port, 65_535, DEFAULT_PORT), 0),
    connectors: attempt(() => readNumber('--connectors', values.connectors, CONNECTORS_MAX, 1), 1),
    connectorConfig: values['connector-config'] === undefined ? null : resolve(values['connector-config']),
    lambda: attempt(() => readChoice('--lambda', values.lambda, ['faithful', 'quick']), 'faithful'),
    runtime: values.runtime === undefined ? null : resolve(values.runtime),
    tls: values.tls ?? false,
    pace: attempt(() => readChoice('--pace', values.pace, ['aws', 'off']), 'aws'),
    departures: attempt(() => readChoice('--departures', values.departures, ['seen', 'unseen']), 'seen'),
    lengths: attempt(() => readChoice('--lengths', values.lengths, ['kept', 'renamed']), 'kept'),
    faults: attempt(() => parseFaults(values.faults ?? ''), {}),
    readyFile: values['ready-file'] === undefined ? null : resolve(values['ready-file']),
    tenant: values.tenant === undefined ? null : resolve(values.tenant),
    assembly: values.assembly === undefined ? null : resolve(values.assembly),
  };
  if (options.runtime !== null && options.lambda === 'quick')
    wrong.push('--runtime needs --lambda faithful: a thread has no Node.js of its own');
  if (wrong.length > 0) throw refusal(wrong);
  return options;
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw refusal([error instanceof Error ? error.message : String(error)]);
  }
};

const refusal = (wrong: readonly string[]) =>
  new SallyportError(
    'ERR_CONFIGURATION_INVALID',
    ['The options cannot be used:', ...wrong.map((what) => `  ${what}`), '`npm start -- --help` lists all of them.'].join('\n'),
  );

const readPublication = (text: string): Publication => {
  const at = text.indexOf('=');
  const [name, address] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `--publish expects NAME=URL with a name of lower-case letters, digits and hyphens, 40 characters at most, and got ${text}`,
    );
  }
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new Error(`--publish ${name} expects an http or https URL without credentials, query or fragment, and got ${address}`);
  }
  return { name, internalUrl: url.href.endsWith('/') ? url.href : `${url.href}/` };
};

const readNumber = (name: string, text: string | undefined, most: number, otherwise: number): number => {
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text) || Number(text) > most) throw new Error(`${name} expects a whole number from 0 to ${most}, and got ${text}`);
  return Number(text);
};

/** The first is what it is when nobody says. */
const readChoice = <Choice extends string>(name: string, text: string | undefined, choices: readonly [Choice, Choice]): Choice => {
  const chosen = text === undefined ? choices[0] : choices.find((choice) => choice === text);
  if (chosen === undefined) throw new Error(`${name} expects ${choices.join(' or ')}, and got ${text}`);
  return chosen;
};

const repeated = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => name !== '' && names.indexOf(name) !== index)),
];
