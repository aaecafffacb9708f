// CloudFormation's intrinsic functions. What cannot be resolved is an error, never a guess.
import { ACCOUNT_ID, arn, PARTITION, REGION, URL_SUFFIX } from '../account.ts';
import { isRecord } from '../iam/conditions.ts';
import type { CreatedResource } from '../services.ts';
import type { ParameterValue } from './parameters.ts';
import type { Template } from './template.ts';

export interface Scope {
  readonly template: Template;
  readonly stackName: string;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  readonly created: ReadonlyMap<string, CreatedResource>;
}

/** Stands for a property that `AWS::NoValue` takes away. */
const NO_VALUE = Symbol('AWS::NoValue');

/** The value with every intrinsic function resolved. Throws `Error` that says which could not be. */
export const resolve = (value: unknown, scope: Scope): unknown => {
  const resolved = resolveValue(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
};

/** The value of a named condition. */
export const conditionHolds = (name: string, scope: Scope): boolean => {
  if (!Object.hasOwn(scope.template.Conditions, name)) throw new Error(`there is no condition ${name}`);
  return isTrue(resolveValue(scope.template.Conditions[name], scope));
};

export const stackId = (stackName: string): string => arn('cloudformation', `stack/${stackName}/00000000-0000-4000-8000-000000000000`);

const resolveValue = (value: unknown, scope: Scope): unknown => {
  if (typeof value === 'string') {
    if (value.includes('{{resolve:')) throw new Error(`dynamic references are not simulated (${value})`);
    return value;
  }
  if (Array.isArray(value)) return value.map((member) => resolveValue(member, scope)).filter((member) => member !== NO_VALUE);
  if (!isRecord(value)) return value;
  const names = Object.keys(value);
  const [name] = names;
  if (names.length === 1 && name !== undefined && isFunction(name)) {
    const apply = FUNCTIONS[name];
    if (!apply) throw new Error(`the function ${name} is not simulated`);
    return apply(value[name], scope);
  }
  const entries = Object.entries(value).map(([key, member]) => [key, resolveValue(member, scope)] as const);
  return Object.fromEntries(entries.filter(([, member]) => member !== NO_VALUE));
};

/** `Condition` is also an element of IAM statements: there its value is an object, here a name. */
const isFunction = (name: string) => name === 'Ref' || name.startsWith('Fn::');

const ref = (name: unknown, { parameters, created, stackName, template }: Scope): unknown => {
  switch (name) {
    case 'AWS::Region':
      return REGION;
    case 'AWS::AccountId':
      return ACCOUNT_ID;
    case 'AWS::Partition':
      return PARTITION;
    case 'AWS::URLSuffix':
      return URL_SUFFIX;
    case 'AWS::StackName':
      return stackName;
    case 'AWS::StackId':
      return stackId(stackName);
    case 'AWS::NoValue':
      return NO_VALUE;
    default: {
      const parameter = parameters.get(String(name));
      if (parameter !== undefined) {
        const type = template.Parameters[String(name)]?.Type ?? '';
        if (type.startsWith('AWS::SSM::')) throw new Error(`the parameter ${name} is read from Systems Manager, which is not simulated`);
        return parameter;
      }
      const resource = created.get(String(name));
      if (!resource) throw new Error(`Ref ${name} leads nowhere`);
      return resource.ref;
    }
  }
};

const getAtt = (target: unknown, { created }: Scope): string => {
  const [logicalId = '', attribute = ''] = typeof target === 'string' ? splitOnce(target) : (target as string[]);
  const resource = created.get(logicalId);
  if (!resource) throw new Error(`Fn::GetAtt ${logicalId}.${attribute} leads nowhere`);
  const value = resource.attributes?.[attribute];
  if (value === undefined) {
    throw new Error(
      `${logicalId} has no attribute ${attribute} here (it has ${Object.keys(resource.attributes ?? {}).join(', ') || 'none'})`,
    );
  }
  return value;
};

const splitOnce = (text: string): [string, string] => {
  const at = text.indexOf('.');
  return [text.slice(0, at), text.slice(at + 1)];
};

const sub = (argument: unknown, scope: Scope): string => {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof text !== 'string' || !isRecord(variables)) throw new Error('Fn::Sub needs text, or text and variables');
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_all, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return asText(resolveValue(variables[name], scope), 'Fn::Sub');
    return asText(name.includes('.') ? getAtt(name, scope) : ref(name, scope), 'Fn::Sub');
  });
};

const asText = (value: unknown, where: string): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${where} needs text, got ${value === NO_VALUE ? 'AWS::NoValue' : JSON.stringify(value)}`);
};

const asList = (value: unknown, where: string): unknown[] => {
  if (Array.isArray(value)) return value;
  throw new Error(`${where} needs a list, got ${JSON.stringify(value)}`);
};

const isTrue = (value: unknown): boolean => value === true || value === 'true';

/** A condition inside a condition is named: `{"Condition": "IsProduction"}`. */
const condition = (value: unknown, scope: Scope): boolean =>
  isRecord(value) && typeof value.Condition === 'string' ? conditionHolds(value.Condition, scope) : isTrue(resolveValue(value, scope));

const FUNCTIONS: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: ref,
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = asList(argument, 'Fn::Join');
    return asList(resolveValue(parts, scope), 'Fn::Join')
      .map((part) => asText(part, 'Fn::Join'))
      .join(asText(separator, 'Fn::Join'));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = asList(argument, 'Fn::Split');
    return asText(resolveValue(text, scope), 'Fn::Split').split(asText(separator, 'Fn::Split'));
  },
  'Fn::Select': (argument, scope) => {
    const [index, from] = asList(argument, 'Fn::Select');
    const list = asList(resolveValue(from, scope), 'Fn::Select');
    const chosen = list[Number(resolveValue(index, scope))];
    if (chosen === undefined) throw new Error(`Fn::Select has no entry ${JSON.stringify(index)} of ${list.length}`);
    return chosen;
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map, top, second] = asList(resolveValue(argument, scope), 'Fn::FindInMap').map(String);
    const rows = scope.template.Mappings[map ?? ''];
    const row = isRecord(rows) ? rows[top ?? ''] : undefined;
    const found = isRecord(row) ? row[second ?? ''] : undefined;
    if (found === undefined) throw new Error(`Fn::FindInMap has no ${map}.${top}.${second}`);
    return found;
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = asList(argument, 'Fn::If');
    return resolveValue(conditionHolds(String(name), scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = asList(resolveValue(argument, scope), 'Fn::Equals');
    return asText(left, 'Fn::Equals') === asText(right, 'Fn::Equals');
  },
  'Fn::Not': (argument, scope) => !condition(asList(argument, 'Fn::Not')[0], scope),
  'Fn::And': (argument, scope) => asList(argument, 'Fn::And').every((each) => condition(each, scope)),
  'Fn::Or': (argument, scope) => asList(argument, 'Fn::Or').some((each) => condition(each, scope)),
  'Fn::Base64': (argument, scope) => Buffer.from(asText(resolveValue(argument, scope), 'Fn::Base64')).toString('base64'),
};
