// The variables that a function finds in its environment ("Defined runtime environment variables", Lambda Developer Guide).
import { REGION } from '../account.ts';
import type { AccessKeys } from '../services.ts';
import type { FunctionSettings } from './function-settings.ts';

export interface VariablesOptions {
  readonly settings: FunctionSettings;
  /** The function's own variables with AWS's addresses replaced. */
  readonly own: Readonly<Record<string, string>>;
  readonly keys: AccessKeys;
  readonly runtimeApi: string;
  readonly logStream: string;
  readonly temporaryDirectory: string;
  /** Differs from AWS: the one local endpoint that SDK clients are sent to. */
  readonly endpointUrl: string;
}

export const variablesOf = ({
  settings,
  own,
  keys,
  runtimeApi,
  logStream,
  temporaryDirectory,
  endpointUrl,
}: VariablesOptions): Record<string, string> => ({
  ...own,
  _HANDLER: settings.handler,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: settings.name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMegabytes),
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_FORMAT: settings.logFormat,
  AWS_LAMBDA_LOG_GROUP_NAME: settings.logGroup,
  AWS_LAMBDA_LOG_STREAM_NAME: logStream,
  AWS_LAMBDA_RUNTIME_API: runtimeApi,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  ...(keys.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: keys.sessionToken }),
  AWS_ENDPOINT_URL: endpointUrl,
  // Of the SDK's ways to find credentials only the variables lead anywhere here.
  AWS_EC2_METADATA_DISABLED: 'true',
  LAMBDA_TASK_ROOT: settings.directory,
  // Differs from AWS: /tmp belongs to the machine; os.tmpdir() gives what belongs to the environment alone.
  TMPDIR: temporaryDirectory,
  LANG: 'en_US.UTF-8',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TZ: ':UTC',
});
