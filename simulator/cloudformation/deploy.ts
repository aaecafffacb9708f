// Deploys one stack of an assembly into the services: resources in order, then the outputs. Stops at the first fault.
import { SallyportError } from '../../protocol/errors.ts';
import type { Clock, CreatedResource, Endpoints, Lambda, ResourceTypes } from '../services.ts';
import type { StackAssembly } from './assembly.ts';
import { startCustomResources } from './custom-resource.ts';
import { deploymentFault } from './fault.ts';
import { inertTypes } from './inert.ts';
import { conditionHolds, resolve, type Scope } from './intrinsics.ts';
import { creationOrder } from './order.ts';
import { resolveParameters } from './parameters.ts';
import { ruleFaults } from './rules.ts';
import type { Resource } from './template.ts';

export interface DeployOptions {
  readonly assembly: StackAssembly;
  readonly parameters: Readonly<Record<string, string>>;
  /** Of every service. */
  readonly types: readonly ResourceTypes[];
  readonly lambda: Pick<Lambda, 'invoke'>;
  /** Of AWS: for outputs. */
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  /** @default 60 s; AWS waits an hour */
  readonly customResourceDeadlineMs?: number;
}

export interface Deployment {
  /** Outputs by logical id, with AWS's addresses replaced by local ones. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What was created, by logical id. */
  readonly resources: ReadonlyMap<string, CreatedResource & { readonly type: string }>;
  /** Changes properties of a custom resource, as a deployment with another template would. Throws ERR_CONFIGURATION_INVALID. */
  update(logicalId: string, changes: Readonly<Record<string, unknown>>): Promise<void>;
  dispose(): Promise<void>;
}

const CUSTOM_RESOURCE_DEADLINE_MS = 60_000;

/** Throws ERR_CONFIGURATION_INVALID that names the logical id. */
export const deploy = async (options: DeployOptions): Promise<Deployment> => {
  const { assembly, endpoints, lambda, clock } = options;
  const { template, stackName } = assembly;
  const types = merge([inertTypes, ...options.types]);
  const resources = new Map<string, CreatedResource & { readonly type: string }>();
  const scope: Scope = { template, stackName, created: resources, parameters: resolveParameters(template, options.parameters) };
  const isWanted = ({ Condition }: { readonly Condition?: string }) => Condition === undefined || conditionHolds(Condition, scope);
  const customResources = await startCustomResources({
    lambda,
    deadlineMs: options.customResourceDeadlineMs ?? CUSTOM_RESOURCE_DEADLINE_MS,
    wait: (ms, signal) =>
      new Promise((done) => {
        const cancel = clock.after(ms, done);
        signal.addEventListener('abort', cancel);
      }),
  });

  const create = async (logicalId: string, { Type: type, Properties }: Resource) => {
    const properties = resolve(Properties ?? {}, scope) as Record<string, unknown>;
    if (isCustom(type)) return customResources.create({ logicalId, type, stackName, properties });
    const known = types.get(type);
    if (!known) throw new Error(`the type ${type} is not simulated`);
    return known({ logicalId, type, properties, stackName });
  };

  try {
    const order = at('Resources', () => creationOrder(template, isWanted, scope));
    refuseUnknownTypes(order, template.Resources, types);
    const faults = ruleFaults(template, order, scope);
    if (faults.length > 0) throw deploymentFault('Resources', faults.join('; '));
    for (const logicalId of order) {
      const resource = template.Resources[logicalId];
      if (!resource) continue;
      try {
        resources.set(logicalId, { ...(await create(logicalId, resource)), type: resource.Type });
      } catch (error) {
        throw deploymentFault(`${logicalId} (${resource.Type})`, error);
      }
    }
    const outputs = Object.entries(template.Outputs)
      .filter(([name, output]) => at(`Outputs.${name}`, () => isWanted(output)))
      .map(([name, { Value }]) => [name, String(at(`Outputs.${name}`, () => resolve(Value, scope)))]);
    return {
      outputs: endpoints.localise(Object.fromEntries(outputs)),
      resources,
      update: (logicalId, changes) =>
        customResources.update(logicalId, changes).catch((error: unknown) => {
          throw deploymentFault(logicalId, error);
        }),
      dispose: customResources.dispose,
    };
  } catch (error) {
    await customResources.dispose();
    throw error;
  }
};

const isCustom = (type: string) => type === 'AWS::CloudFormation::CustomResource' || type.startsWith('Custom::');

/** Before anything is created: a template that cannot be run whole is not run in part. */
const refuseUnknownTypes = (
  order: readonly string[],
  resources: Readonly<Record<string, Resource>>,
  types: ReadonlyMap<string, unknown>,
): void => {
  const unknown = order.filter((logicalId) => {
    const type = resources[logicalId]?.Type ?? '';
    return !types.has(type) && !isCustom(type);
  });
  if (unknown.length === 0) return;
  throw deploymentFault(
    unknown.join(', '),
    `no service here knows ${[...new Set(unknown.map((logicalId) => resources[logicalId]?.Type))].join(', ')}`,
  );
};

const merge = (all: readonly ResourceTypes[]): ReadonlyMap<string, ResourceTypes[string]> => {
  const merged = new Map<string, ResourceTypes[string]>();
  for (const [type, create] of all.flatMap((types) => Object.entries(types))) {
    if (merged.has(type)) throw new Error(`Two services claim ${type}.`);
    merged.set(type, create);
  }
  return merged;
};

const at = <T>(place: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw error instanceof SallyportError ? error : deploymentFault(place, error);
  }
};
