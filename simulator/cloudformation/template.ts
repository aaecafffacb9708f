// The shape of a CloudFormation template, as far as the simulator follows it. Sections that it does not know are refused.
import { isRecord } from '../iam/conditions.ts';
import { QUOTAS } from '../quotas.ts';
import { deploymentFault } from './fault.ts';

export interface Parameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly ConstraintDescription?: string;
  readonly MinLength?: number | string;
  readonly MaxLength?: number | string;
  readonly MinValue?: number | string;
  readonly MaxValue?: number | string;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
}

export interface Template {
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Mappings: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>;
}

/** Rules are CDK's check of the bootstrap version, which has no meaning here; Metadata and Description say nothing to run. */
const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];

/** What becomes of a resource afterwards plays no part in creating it. */
const ATTRIBUTES = ['Type', 'Properties', 'DependsOn', 'Condition', 'Metadata', 'DeletionPolicy', 'UpdateReplacePolicy'];

/** Throws ERR_CONFIGURATION_INVALID. */
export const readTemplate = (text: string): Template => {
  const { cloudformation } = QUOTAS;
  if (Buffer.byteLength(text) > cloudformation.templateMaxBytes) throw deploymentFault('template', 'it is larger than 1 MB');
  const template = parse(text);
  if (!isRecord(template)) throw deploymentFault('template', 'it is not an object');
  for (const section of Object.keys(template)) {
    if (!SECTIONS.includes(section)) throw deploymentFault(section, 'this section is not simulated');
  }
  const section = <Entry>(name: string, max: number): Readonly<Record<string, Entry>> => {
    const value = template[name] ?? {};
    if (!isRecord(value)) throw deploymentFault(name, 'it is not an object');
    const count = Object.keys(value).length;
    if (count > max) throw deploymentFault(name, `it has ${count} entries, CloudFormation takes ${max}`);
    return value as Record<string, Entry>;
  };
  const resources = section<Resource>('Resources', cloudformation.resourcesPerTemplate);
  for (const [logicalId, resource] of Object.entries(resources)) {
    if (!isRecord(resource) || typeof resource.Type !== 'string') throw deploymentFault(logicalId, 'it has no Type');
    const unknown = Object.keys(resource).filter((name) => !ATTRIBUTES.includes(name));
    if (unknown.length > 0) throw deploymentFault(logicalId, `the attribute ${unknown.join(', ')} is not simulated`);
  }
  const parameters = section<Parameter>('Parameters', cloudformation.parametersPerTemplate);
  const twice = Object.keys(parameters).filter((name) => Object.hasOwn(resources, name));
  if (twice.length > 0) throw deploymentFault(twice.join(', '), 'a parameter and a resource have the same name');
  return {
    Parameters: parameters,
    Conditions: section('Conditions', Number.POSITIVE_INFINITY),
    Mappings: section('Mappings', Number.POSITIVE_INFINITY),
    Resources: resources,
    Outputs: section('Outputs', cloudformation.outputsPerTemplate),
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw deploymentFault('template', error);
  }
};
