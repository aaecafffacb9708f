// The CloudFormation types of Lambda.
import { randomBytes } from 'node:crypto';
import { type Assets, AwsError, type CreatedResource, type Iam, type ResourceRequest, type ResourceTypes } from '../services.ts';
import type { AsyncQueue } from './async-queue.ts';
import type { Concurrency } from './concurrency.ts';
import { type FunctionDependencies, LambdaFunction } from './function.ts';
import { readFunctionSettings } from './function-settings.ts';

export interface ResourceTypesOptions {
  /** By ARN; created functions are added here. */
  readonly functions: Map<string, LambdaFunction>;
  readonly concurrency: Concurrency;
  readonly queue: AsyncQueue;
  readonly functionDependencies: FunctionDependencies;
  readonly assets: Assets;
  readonly iam: Iam;
}

export const resourceTypes = ({
  functions,
  concurrency,
  queue,
  functionDependencies,
  assets,
  iam,
}: ResourceTypesOptions): ResourceTypes => {
  const createFunction = async (request: ResourceRequest): Promise<CreatedResource> => {
    const suffix = randomBytes(6).toString('hex').toUpperCase();
    const settings = readFunctionSettings(request, { assetPath: (key) => assets.path(key), suffix });
    const created = new LambdaFunction(settings, functionDependencies);
    if (functions.has(created.arn)) throw new AwsError(409, 'ResourceConflictException', `Function already exist: ${settings.name}`);
    // CreateFunction tries to assume the role: a trust policy without Lambda is found here and not at the first invocation.
    iam.sessionForService(settings.roleArn, 'lambda.amazonaws.com', settings.name);
    if (settings.reservedConcurrency !== null) concurrency.reserve(settings.reservedConcurrency);
    functions.set(created.arn, created);
    return { ref: settings.name, attributes: { Arn: created.arn } };
  };

  const createPermission = async ({ logicalId, properties }: ResourceRequest): Promise<CreatedResource> => {
    const { Action, Principal, FunctionName, SourceArn } = properties;
    iam.permitService({
      logicalId,
      action: String(Action),
      principal: String(Principal),
      resource: arnOf(functions, String(FunctionName)),
      ...(typeof SourceArn === 'string' ? { sourceArn: SourceArn } : {}),
    });
    return { ref: logicalId, attributes: { Id: logicalId } };
  };

  const createEventInvokeConfig = async ({ logicalId, properties }: ResourceRequest): Promise<CreatedResource> => {
    const { FunctionName, MaximumRetryAttempts = 2, MaximumEventAgeInSeconds = 21_600 } = properties;
    queue.configure(arnOf(functions, String(FunctionName)), {
      retries: Number(MaximumRetryAttempts),
      maxAgeMs: Number(MaximumEventAgeInSeconds) * 1000,
    });
    return { ref: logicalId };
  };

  return {
    'AWS::Lambda::Function': createFunction,
    'AWS::Lambda::Permission': createPermission,
    'AWS::Lambda::EventInvokeConfig': createEventInvokeConfig,
  };
};

/** Templates name a function by its name or its ARN. */
export const arnOf = (functions: ReadonlyMap<string, LambdaFunction>, nameOrArn: string): string => {
  const found = functions.get(nameOrArn) ?? [...functions.values()].find(({ settings }) => settings.name === nameOrArn);
  if (!found) throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${nameOrArn}`);
  return found.arn;
};
