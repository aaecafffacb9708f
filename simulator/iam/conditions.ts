// The Condition element: the operators and keys that the simulator knows. Anything else is refused when it is deployed,
// since a condition that is not understood must not decide.
import { matches, matchesArn } from './wildcards.ts';

/** Condition key in lower case → value of the request, or values where the key has many. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

export interface Condition {
  readonly key: string;
  readonly values: readonly string[];
  readonly holds: (values: readonly string[], actual: string) => boolean;
  /** For a key with many values: whether all of the request's must match, or one; null for a key with one. */
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | null;
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

/** Keys with one value that some service of the simulator gives, or that IAM itself adds. */
const KEYS = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:securetransport',
  'aws:requestedregion',
  'kms:viaservice',
  'sts:externalid',
  'sts:rolesessionname',
]);
/** Keys with many. */
const SET_KEYS = new Set(['dynamodb:leadingkeys']);

/** Reads a Condition element. Throws `Error` that says what is not supported. */
export const readConditions = (element: unknown): readonly Condition[] => {
  if (element === undefined) return [];
  if (!isRecord(element)) throw new Error('Condition must be an object');
  return Object.entries(element).flatMap(([operatorName, block]) => {
    const [, quantifier = null, name = '', suffix] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operatorName) ?? [];
    const operator = OPERATORS[name];
    if (!operator) throw new Error(`the condition operator ${operatorName} is not simulated`);
    if (!isRecord(block)) throw new Error(`Condition.${operatorName} must be an object`);
    return Object.entries(block).map(([key, given]) => {
      const known = quantifier === null ? KEYS : SET_KEYS;
      if (!known.has(key.toLowerCase())) throw new Error(`the condition key ${key} is not simulated with ${operatorName}`);
      const values = (Array.isArray(given) ? given : [given]).map((value: unknown) => {
        if (typeof value !== 'string' && typeof value !== 'boolean') throw new Error(`Condition.${operatorName}.${key} must be text`);
        // Policy variables would need the request's context to be filled in: "${aws:username}".
        if (String(value).includes('${')) throw new Error(`policy variables are not simulated (${value})`);
        return String(value);
      });
      return {
        key: key.toLowerCase(),
        values,
        ...operator,
        quantifier: quantifier as Condition['quantifier'],
        ifExists: suffix !== undefined,
      };
    });
  });
};

/** All conditions must hold; within one, any value will do. */
export const conditionsHold = (conditions: readonly Condition[], context: Context): boolean =>
  conditions.every(({ key, values, holds, quantifier, ifExists, negated }) => {
    const actual = context[key];
    const given = typeof actual === 'object' ? actual : actual === undefined ? [] : [actual];
    // "ForAllValues also returns true if there are no context keys in the request"; ForAnyValue then returns false.
    if (quantifier === 'ForAllValues') return given.every((one) => holds(values, one));
    if (quantifier === 'ForAnyValue') return given.some((one) => holds(values, one));
    return given[0] === undefined ? ifExists || negated : holds(values, given[0]);
  });

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
