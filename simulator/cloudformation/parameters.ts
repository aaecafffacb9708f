// The values of a template's parameters: given ones, else defaults, each checked as CloudFormation checks it.
import { deploymentFault } from './fault.ts';
import type { Parameter, Template } from './template.ts';

export type ParameterValue = string | readonly string[];

/** Throws ERR_CONFIGURATION_INVALID that names every missing, unknown or refused parameter at once. */
export const resolveParameters = (
  template: Pick<Template, 'Parameters'>,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, ParameterValue> => {
  const faults: string[] = [];
  const values = new Map<string, ParameterValue>();
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(template.Parameters, name)) {
      faults.push(`${name} is not a parameter of the template (it has ${Object.keys(template.Parameters).join(', ') || 'none'})`);
    }
  }
  for (const [name, parameter] of Object.entries(template.Parameters)) {
    const text = given[name] ?? (parameter.Default === undefined ? undefined : String(parameter.Default));
    if (text === undefined) {
      faults.push(`${name} has no default and no value was given`);
      continue;
    }
    const fault = check(parameter, text);
    if (fault) faults.push(`${name}: ${fault}`);
    values.set(name, parameter.Type === 'CommaDelimitedList' ? text.split(',').map((part) => part.trim()) : text);
  }
  if (faults.length > 0) throw deploymentFault('Parameters', faults.join('; '));
  return values;
};

const check = (parameter: Parameter, text: string): string | null => {
  const says = parameter.ConstraintDescription ? ` (${parameter.ConstraintDescription})` : '';
  const { Type: type } = parameter;
  // An SSM parameter's own value is never asked for here: CDK reads the bootstrap version in Rules only.
  if (!['String', 'Number', 'CommaDelimitedList'].includes(type) && !type.startsWith('AWS::')) return `the type ${type} is not simulated`;
  if (type === 'Number' && !Number.isFinite(Number(text))) return `“${text}” is not a number`;
  if (parameter.AllowedValues && !parameter.AllowedValues.some((allowed) => String(allowed) === text)) {
    return `“${text}” is none of ${parameter.AllowedValues.join(', ')}${says}`;
  }
  if (parameter.AllowedPattern !== undefined && !new RegExp(`^(?:${parameter.AllowedPattern})$`).test(text)) {
    return `“${text}” does not match ${parameter.AllowedPattern}${says}`;
  }
  if (type === 'Number') return outside(Number(text), parameter.MinValue, parameter.MaxValue, 'the value', says);
  return outside(text.length, parameter.MinLength, parameter.MaxLength, 'the length', says);
};

const outside = (value: number, min: number | string | undefined, max: number | string | undefined, what: string, says: string) => {
  if (min !== undefined && value < Number(min)) return `${what} ${value} is below ${min}${says}`;
  if (max !== undefined && value > Number(max)) return `${what} ${value} is above ${max}${says}`;
  return null;
};
