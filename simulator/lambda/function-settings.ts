// A function as its AWS::Lambda::Function resource describes it, checked as CreateFunction checks it.
import { isAbsolute } from 'node:path';
import { QUOTAS } from '../quotas.ts';
import { AwsError, type ResourceRequest } from '../services.ts';

export interface FunctionSettings {
  readonly name: string;
  readonly handler: string;
  readonly runtime: string;
  /** The directory of its code. */
  readonly directory: string;
  readonly roleArn: string;
  readonly memoryMegabytes: number;
  readonly timeoutMs: number;
  /** As the template has them: AWS's addresses are replaced when an environment starts. */
  readonly variables: Readonly<Record<string, string>>;
  readonly logGroup: string;
  readonly logFormat: 'Text' | 'JSON';
  readonly reservedConcurrency: number | null;
}

const RUNTIMES = ['nodejs24.x', 'nodejs22.x'];
/** "Reserved environment variables" (Lambda Developer Guide); `AWS_` names in general are refused only where they are in this list. */
const RESERVED_VARIABLES =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;

/** Throws `AwsError` InvalidParameterValueException that names every fault. */
export const readFunctionSettings = (
  { logicalId, stackName, properties }: ResourceRequest,
  { assetPath, suffix }: { readonly assetPath: (objectKey: string) => string; readonly suffix: string },
): FunctionSettings => {
  const faults: string[] = [];
  const text = (name: string): string => {
    const value = properties[name];
    if (typeof value === 'string' && value !== '') return value;
    faults.push(`${name} must be a text`);
    return '';
  };
  const number = (name: string, fallback: number, least: number, most: number): number => {
    const value = Number(properties[name] ?? fallback);
    if (!Number.isInteger(value) || value < least || value > most) faults.push(`${name} must be a whole number from ${least} to ${most}`);
    return value;
  };

  const { lambda } = QUOTAS;
  const name = typeof properties.FunctionName === 'string' ? properties.FunctionName : generatedName(stackName, logicalId, suffix);
  const runtime = text('Runtime');
  if (!RUNTIMES.includes(runtime)) faults.push(`Runtime ${runtime} is not simulated (${RUNTIMES.join(', ')} are)`);
  if (properties.PackageType !== undefined && properties.PackageType !== 'Zip')
    faults.push('PackageType must be Zip: images are not simulated');

  const logging = asRecord(properties.LoggingConfig);
  const settings: FunctionSettings = {
    name,
    runtime,
    handler: text('Handler'),
    roleArn: text('Role'),
    directory: directoryOf(asRecord(properties.Code), assetPath, faults),
    memoryMegabytes: number('MemorySize', lambda.memoryDefaultMegabytes, lambda.memoryMinMegabytes, lambda.memoryMaxMegabytes),
    timeoutMs: number('Timeout', lambda.timeoutDefaultSeconds, 1, lambda.timeoutMaxSeconds) * 1000,
    variables: variablesOf(asRecord(asRecord(properties.Environment).Variables), faults),
    logGroup: typeof logging.LogGroup === 'string' ? logging.LogGroup : `/aws/lambda/${name}`,
    logFormat: logging.LogFormat === 'JSON' ? 'JSON' : 'Text',
    reservedConcurrency: reservedOf(properties.ReservedConcurrentExecutions, faults),
  };
  if (faults.length > 0) throw new AwsError(400, 'InvalidParameterValueException', `${logicalId}: ${faults.join('; ')}.`);
  return settings;
};

const generatedName = (stackName: string, logicalId: string, suffix: string): string =>
  `${stackName.slice(0, 24)}-${logicalId.slice(0, 24)}-${suffix}`;

const directoryOf = (code: Record<string, unknown>, assetPath: (objectKey: string) => string, faults: string[]): string => {
  if (typeof code.S3Key !== 'string') {
    faults.push('Code must name S3Bucket and S3Key: other kinds of code are not simulated');
    return '';
  }
  const path = assetPath(code.S3Key);
  if (!isAbsolute(path)) faults.push(`Code leads to ${path}, which is not an absolute path`);
  return path;
};

const variablesOf = (given: Record<string, unknown>, faults: string[]): Record<string, string> => {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name)) faults.push(`Environment has the name ${name}, which is not allowed`);
    else if (RESERVED_VARIABLES.test(name)) faults.push(`Environment sets ${name}, which is reserved`);
    else variables[name] = String(value);
  }
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  const { variablesMaxBytes } = QUOTAS.lambda;
  if (bytes > variablesMaxBytes) faults.push(`Environment has ${bytes} bytes, which exceeds ${variablesMaxBytes}`);
  return variables;
};

const reservedOf = (value: unknown, faults: string[]): number | null => {
  if (value === undefined) return null;
  const reserved = Number(value);
  const { concurrentExecutions, unreservedConcurrencyMin } = QUOTAS.lambda;
  const most = concurrentExecutions - unreservedConcurrencyMin;
  if (!Number.isInteger(reserved) || reserved < 0 || reserved > most) {
    faults.push(`ReservedConcurrentExecutions must be a whole number from 0 to ${most}`);
  }
  return reserved;
};

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
