// The order in which resources are created: each after what it refers to or depends on.
import { isRecord } from '../iam/conditions.ts';
import { deploymentFault } from './fault.ts';
import { conditionHolds, type Scope } from './intrinsics.ts';
import type { Resource, Template } from './template.ts';

/** Logical ids of the resources, each after those it needs. Throws ERR_CONFIGURATION_INVALID for a circle or a dangling DependsOn. */
export const creationOrder = (template: Template, isWanted: (resource: Resource) => boolean, scope: Scope): string[] => {
  const order: string[] = [];
  const states = new Map<string, 'under way' | 'done'>();

  const visit = (logicalId: string, path: readonly string[]) => {
    const state = states.get(logicalId);
    if (state === 'done') return;
    const trail = [...path, logicalId];
    if (state === 'under way') throw deploymentFault(logicalId, `circular dependency: ${trail.join(' → ')}`);
    states.set(logicalId, 'under way');
    const resource = template.Resources[logicalId];
    if (resource && isWanted(resource)) {
      for (const needed of dependencies(logicalId, resource, template, scope)) visit(needed, trail);
      order.push(logicalId);
    }
    states.set(logicalId, 'done');
  };

  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return order;
};

/** Logical ids that this one refers to or depends on. Throws ERR_CONFIGURATION_INVALID for a dangling DependsOn. */
export const dependencies = (logicalId: string, resource: Resource, template: Template, scope: Scope): Set<string> => {
  const found = references(resource.Properties, template, scope);
  for (const name of [resource.DependsOn ?? []].flat()) {
    if (!Object.hasOwn(template.Resources, name)) throw deploymentFault(logicalId, `it depends on ${name}, which is not in the template`);
    found.add(name);
  }
  return found;
};

/** Logical ids of the resources that a value refers to. */
export const references = (value: unknown, template: Template, scope: Scope): Set<string> => {
  const found = new Set<string>();
  const add = (name: string) => {
    if (Object.hasOwn(template.Resources, name)) found.add(name);
  };
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const member of value) walk(member);
    if (!isRecord(value)) return;
    if (typeof value.Ref === 'string') add(value.Ref);
    const target = value['Fn::GetAtt'];
    if (target !== undefined) add(Array.isArray(target) ? String(target[0]) : (String(target).split('.')[0] ?? ''));
    const sub = value['Fn::Sub'];
    const text = Array.isArray(sub) ? sub[0] : sub;
    if (typeof text === 'string') for (const [, name = ''] of text.matchAll(/\$\{([^!}.]+)[^}]*\}/g)) add(name);
    const choice = value['Fn::If'];
    // Only the branch that is taken counts: the other may refer to what this deployment does not create.
    if (Array.isArray(choice)) walk(choice[conditionHolds(String(choice[0]), scope) ? 1 : 2]);
    else for (const member of Object.values(value)) walk(member);
  };
  walk(value);
  return found;
};
