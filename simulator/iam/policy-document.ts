// Reads an IAM policy document into statements. Elements that the simulator does not know are refused, never skipped.
import { type Condition, isRecord, readConditions } from './conditions.ts';

export interface Statement {
  /** `<logical id>[/<policy name>][<index>]`: what the ledger counts by and `withoutStatement` names. */
  readonly id: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** True for NotAction. */
  readonly exceptActions: boolean;
  /** Empty in a trust policy: the role is the resource. */
  readonly resources: readonly string[];
  readonly exceptResources: boolean;
  /** Null in an identity policy: who has it is who it is about. */
  readonly principals: Principals | null;
  readonly conditions: readonly Condition[];
  /** Counts for nothing for the moment, to see what then fails. */
  suspended: boolean;
}

export interface Principals {
  /** ARNs, account ids or `*`. */
  readonly aws: readonly string[];
  readonly services: readonly string[];
}

export type PolicyKind = 'identity' | 'trust' | 'session';

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'Condition']);

/** Throws `Error` whose message names the statement and what is wrong with it. */
export const readPolicy = (document: unknown, source: string, kind: PolicyKind): readonly Statement[] => {
  if (!isRecord(document)) throw new Error(`${source}: the policy document must be an object`);
  const unknown = Object.keys(document).filter((name) => !['Version', 'Id', 'Statement'].includes(name));
  if (unknown.length > 0) throw new Error(`${source}: unknown policy element ${unknown.join(', ')}`);
  if (document.Version !== '2012-10-17') throw new Error(`${source}: Version must be 2012-10-17, not ${document.Version}`);
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (statements.length === 0) throw new Error(`${source}: the policy has no Statement`);
  return statements.map((statement: unknown, index) => {
    const id = `${source}[${index}]`;
    try {
      return readStatement(statement, id, kind);
    } catch (error) {
      throw new Error(`${id}: ${error instanceof Error ? error.message : error}`);
    }
  });
};

const readStatement = (statement: unknown, id: string, kind: PolicyKind): Statement => {
  if (!isRecord(statement)) throw new Error('the statement must be an object');
  const unknown = Object.keys(statement).filter((name) => !ELEMENTS.has(name));
  if (unknown.length > 0) throw new Error(`the policy element ${unknown.join(', ')} is not simulated`);
  const { Effect: effect } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw new Error('Effect must be Allow or Deny');

  const [actions, exceptActions] = readEither(statement, 'Action', 'NotAction');
  for (const action of actions) {
    if (action !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) throw new Error(`${action} is not an action`);
  }
  const hasResource = 'Resource' in statement || 'NotResource' in statement;
  if (kind === 'trust' && hasResource) throw new Error('a trust policy has no Resource: the role is the resource');
  if (kind !== 'trust' && 'Principal' in statement) throw new Error('only a trust policy has a Principal');
  const [resources, exceptResources] = kind === 'trust' ? [[], false] : readEither(statement, 'Resource', 'NotResource');
  for (const resource of resources) {
    if (resource.includes('${')) throw new Error(`policy variables are not simulated (${resource})`);
    if (resource !== '*' && resource.split(':').length < 6) throw new Error(`${resource} is not an ARN`);
  }
  return {
    id,
    effect,
    actions,
    exceptActions,
    resources,
    exceptResources,
    principals: kind === 'trust' ? readPrincipals(statement.Principal) : null,
    conditions: readConditions(statement.Condition),
    suspended: false,
  };
};

const readEither = (statement: Record<string, unknown>, name: string, notName: string): [readonly string[], boolean] => {
  if (name in statement === notName in statement) throw new Error(`the statement needs one of ${name} and ${notName}`);
  const except = notName in statement;
  return [readTexts(except ? statement[notName] : statement[name], except ? notName : name), except];
};

const readPrincipals = (element: unknown): Principals => {
  if (element === '*') return { aws: ['*'], services: [] };
  if (!isRecord(element)) throw new Error('a trust policy needs a Principal');
  const unknown = Object.keys(element).filter((name) => name !== 'AWS' && name !== 'Service');
  if (unknown.length > 0) throw new Error(`the principal type ${unknown.join(', ')} is not simulated`);
  const aws = element.AWS === undefined ? [] : readTexts(element.AWS, 'Principal.AWS');
  const services = element.Service === undefined ? [] : readTexts(element.Service, 'Principal.Service');
  if (aws.length + services.length === 0) throw new Error('a trust policy needs a Principal');
  return { aws, services };
};

const readTexts = (element: unknown, name: string): readonly string[] => {
  const texts = Array.isArray(element) ? element : [element];
  if (texts.length === 0 || texts.some((text) => typeof text !== 'string' || text === '')) {
    throw new Error(`${name} must be text or a list of texts`);
  }
  return texts as string[];
};
