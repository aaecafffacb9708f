// Which deployment the command speaks to: one on AWS, by the endpoint and the usual credentials, or a running simulator, by its ready file.
import { readFileSync } from 'node:fs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SallyportError } from '../protocol/errors.ts';
import { isMap } from '../tenants/faults.ts';
import type { ControlTarget } from './control-client.ts';

export interface TargetOptions {
  readonly endpoint?: string;
  readonly region?: string;
  /** The simulator's ready file. */
  readonly simulator?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ERR_CONFIGURATION_INVALID. */
export const findTarget = (options: TargetOptions, env: Environment): ControlTarget =>
  options.simulator === undefined ? awsTarget(options, env) : simulatorTarget(options.simulator);

const awsTarget = (options: TargetOptions, env: Environment): ControlTarget => {
  const endpoint = options.endpoint ?? env.SALLYPORT_CONTROL_ENDPOINT;
  if (endpoint === undefined) {
    throw invalid(
      'Which deployment? Set SALLYPORT_CONTROL_ENDPOINT or --endpoint to the stack’s output ControlEndpoint, or --simulator to a ready file.',
    );
  }
  if (!URL.canParse(endpoint) || new URL(endpoint).protocol !== 'https:') {
    throw invalid(`The control endpoint must be an https URL, not ${JSON.stringify(endpoint)}: copy the stack’s output ControlEndpoint.`);
  }
  const { hostname } = new URL(endpoint);
  const [, ofHost] = /\.execute-api\.([a-z0-9-]+)\.amazonaws\./.exec(hostname) ?? [];
  const region = options.region ?? ofHost ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (region === undefined) throw invalid(`The region of ${hostname} is not in its name: set --region or AWS_REGION.`);
  return { endpoint, region, credentials: defaultProvider({ clientConfig: { region } }) };
};

const simulatorTarget = (file: string): ControlTarget => {
  let ready: unknown;
  try {
    ready = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalid(`The simulator’s ready file ${file} cannot be read (${why}). Start it with: npm start -- --ready-file ${file}`, error);
  }
  const { controlApi, region, administrator } = isMap(ready) ? ready : {};
  const { accessKeyId, secretAccessKey } = isMap(administrator) ? administrator : {};
  if (
    typeof controlApi !== 'string' ||
    typeof region !== 'string' ||
    typeof accessKeyId !== 'string' ||
    typeof secretAccessKey !== 'string'
  ) {
    throw invalid(
      `${file} is not a ready file of the simulator: controlApi, region or administrator is missing. Start the simulator again.`,
    );
  }
  return { endpoint: controlApi, region, credentials: async () => ({ accessKeyId, secretAccessKey }) };
};

const invalid = (message: string, cause?: unknown): SallyportError => new SallyportError('ERR_CONFIGURATION_INVALID', message, { cause });
