// The Condition element: the operators and keys that the simulator knows. Anything else is refused when it is deployed,
// since a condition that is not understood must not decide.
import { matches, matchesArn } from './wildcards.ts';

/** Condition key in lower case → value of the request. */
export type Context = Readonly<Record<string, string>>;

export interface Condition {
  readonly key: string;
  readonly values: readonly string[];
  readonly holds: (values: readonly string[], actual: string) => boolean;
  /** `…IfExists`: a key that the request lacks counts as a match. */
  readonly ifExists: boolean;
  /** A negated operator matches when the request lacks the key ("Condition operators": StringNotEquals). */
  readonly negated: boolean;
}

const any =
  (test: (wanted: string, actual: string) => boolean) =>
  (values: readonly string[], actual: string): boolean =>
    values.some((wanted) => test(wanted, actual));

const equals = any((wanted, actual) => wanted === actual);
const like = any(matches);
const arnLike = any(matchesArn);
const equalsIgnoringCase = any((wanted, actual) => wanted.toLowerCase() === actual.toLowerCase());

const not =
  (test: Condition['holds']): Condition['holds'] =>
  (values, actual) =>
    !test(values, actual);

const OPERATORS: Readonly<Record<string, { readonly holds: Condition['holds']; readonly negated: boolean }>> = {
  StringEquals: { holds: equals, negated: false },
  StringNotEquals: { holds: not(equals), negated: true },
  StringEqualsIgnoreCase: { holds: equalsIgnoringCase, negated: false },
  StringLike: { holds: like, negated: false },
  StringNotLike: { holds: not(like), negated: true },
  // ArnEquals and ArnLike behave identically (same page).
  ArnEquals: { holds: arnLike, negated: false },
  ArnLike: { holds: arnLike, negated: false },
  ArnNotEquals: { holds: not(arnLike), negated: true },
  ArnNotLike: { holds: not(arnLike), negated: true },
  Bool: { holds: equalsIgnoringCase, negated: false },
};

/** Keys that some service of the simulator gives, or that IAM itself adds. */
const KEYS = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:securetransport',
  'aws:requestedregion',
  'sts:externalid',
  'sts:rolesessionname',
]);

/** Reads a Condition element. Throws `Error` that says what is not supported. */
export const readConditions = (element: unknown): readonly Condition[] => {
  if (element === undefined) return [];
  if (!isRecord(element)) throw new Error('Condition must be an object');
  return Object.entries(element).flatMap(([operatorName, block]) => {
    const ifExists = operatorName.endsWith('IfExists');
    const operator = OPERATORS[ifExists ? operatorName.slice(0, -'IfExists'.length) : operatorName];
    if (!operator) throw new Error(`the condition operator ${operatorName} is not simulated`);
    if (!isRecord(block)) throw new Error(`Condition.${operatorName} must be an object`);
    return Object.entries(block).map(([key, given]) => {
      if (!KEYS.has(key.toLowerCase())) throw new Error(`the condition key ${key} is not simulated`);
      const values = (Array.isArray(given) ? given : [given]).map((value: unknown) => {
        if (typeof value !== 'string' && typeof value !== 'boolean') throw new Error(`Condition.${operatorName}.${key} must be text`);
        // Policy variables would need the request's context to be filled in: "${aws:username}".
        if (String(value).includes('${')) throw new Error(`policy variables are not simulated (${value})`);
        return String(value);
      });
      return { key: key.toLowerCase(), values, ...operator, ifExists };
    });
  });
};

/** All conditions must hold; within one, any value will do. */
export const conditionsHold = (conditions: readonly Condition[], context: Context): boolean =>
  conditions.every(({ key, values, holds, ifExists, negated }) => {
    const actual = context[key];
    return actual === undefined ? ifExists || negated : holds(values, actual);
  });

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
