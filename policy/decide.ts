// The decision on one canonical request (D10). Who is assigned may use the application; every condition whose scope the request
// falls into must then be met. Conditions only take away, so their order means nothing and one more never lets anyone in.

import type { Application } from '../lambdas/stores/records.ts';
import type { Condition } from './condition.ts';
import { type Evaluate, NO_LANGUAGE, type Told } from './evaluate.ts';
import { pathReadings } from './path-readings.ts';
import { type Answer, examine, type Facts, type Finding, isMendable, type Side } from './requirements.ts';

export interface Asked {
  readonly method: string;
  /** Methods that the request asks a server to take it for instead; some servers do. */
  readonly overrides?: readonly string[];
  /** Lower case, without port. */
  readonly host: string;
  /** The canonical path, as it is forwarded. */
  readonly path: string;
}

/** What the user is to show anew; the identity provider is asked for it. */
export interface StepUp {
  readonly mfa: boolean;
  /** How long ago it may have been; null where it does not matter. */
  readonly withinSeconds: number | null;
}

export interface Decision {
  readonly outcome: 'allow' | 'deny' | 'step up';
  /** The name of the condition that decided; `access` for the assignment. */
  readonly rule: string;
  readonly stepUp: StepUp | null;
  /** Everything that was looked at, for `why`: condition by condition. */
  readonly examined: ReadonlyArray<{ readonly rule: string; readonly findings: readonly Finding[]; readonly met: boolean }>;
}

export type Governed = Pick<Application, 'preAuthentication' | 'access' | 'path' | 'conditions'>;

export const decide = (
  { preAuthentication, access, path, conditions }: Governed,
  asked: Asked,
  facts: Facts,
  evaluate: Evaluate = NO_LANGUAGE,
): Decision => {
  const examined: { rule: string; findings: readonly Finding[]; met: boolean }[] = [];
  if (preAuthentication === 'sign-in') {
    // A service token names its applications itself: whoever made it assigned it.
    const findings = access === 'everyone' || facts.by === 'service' ? [] : examine(access, facts);
    const met = facts.user !== null && findings.every(({ holds }) => holds);
    examined.push({ rule: 'access', findings, met });
    if (!met) return { outcome: 'deny', rule: 'access', stepUp: null, examined };
  }

  const answering = answersFor(evaluate, facts, asked, path);
  const required: Side = { ask: answering((answers) => answers.every((holds) => holds === true)), unknown: false };
  const refused: Side = { ask: answering((answers) => answers.some((holds) => holds !== false)), unknown: true };
  const mended: { rule: string; stepUp: StepUp }[] = [];
  for (const condition of conditions.filter((one) => covers(one, asked, path))) {
    const wanted = condition.require === null ? [] : examine(condition.require, facts, required);
    const unwanted = condition.refuse === null ? [] : examine(condition.refuse, facts, refused);
    const isRefused = condition.refuse !== null && unwanted.every(({ holds }) => holds);
    const missing = wanted.filter(({ holds }) => !holds);
    const met = !isRefused && missing.length === 0;
    examined.push({ rule: condition.name, findings: [...wanted, ...unwanted], met });
    if (met) continue;
    // Whoever is refused anyway, or nobody, is not sent to show a second factor first.
    if (isRefused || facts.user === null || !missing.every(isMendable))
      return { outcome: 'deny', rule: condition.name, stepUp: null, examined };
    mended.push({ rule: condition.name, stepUp: stricter(mended.at(-1)?.stepUp ?? null, condition) });
  }
  const last = mended.at(-1);
  if (last) return { outcome: 'step up', rule: mended[0]!.rule, stepUp: last.stepUp, examined };
  return { outcome: 'allow', rule: examined.at(-1)?.rule ?? 'pass-through', stepUp: null, examined };
};

/** Each method that some server may carry the request out by. What HEAD tells, GET tells (RFC 9110 §9.3.2). */
const methodReadings = ({ method, overrides = [] }: Asked): readonly string[] => {
  const named = [method, ...overrides];
  return [...new Set(named.includes('HEAD') ? [...named, 'GET'] : named)];
};

/** Servers read a request in different ways: a condition holds wherever any of the readings falls into its scope. */
const covers = ({ methods, paths }: Condition, asked: Asked, below: string): boolean => {
  if (methods.length > 0 && !methodReadings(asked).some((method) => methods.includes(method))) return false;
  if (paths.length === 0) return true;
  const scopes = paths.map((prefix) => (below.slice(0, -1) + prefix).toLowerCase());
  return [...pathReadings(asked.path)].some((reading) => scopes.some((scope) => reading.startsWith(scope)));
};

/**
 * An expression is asked for every reading of method and path, and the strictest answer counts: what is required must hold in all of them,
 * what is refused in none. What cannot be told denies.
 */
const answersFor =
  (evaluate: Evaluate, facts: Facts, asked: Asked, below: string) =>
  (count: (answers: readonly Told['holds'][]) => boolean) =>
  (expression: string): Answer => {
    const paths = [...pathReadings(asked.path)].map((reading) => within(below, reading));
    const told = methodReadings(asked).flatMap((method) => paths.map((path) => evaluate(expression, facts, { ...asked, method }, path)));
    const holds = count(told.map((one) => one.holds));
    const { found, lacksGroups } = told.find((one) => (one.holds ?? !holds) === holds) ?? told[0]!;
    return { holds, found, ...(lacksGroups ? { lacksGroups } : {}) };
  };

/** A reading as the application knows it. */
const within = (below: string, reading: string): string =>
  reading.startsWith(below.toLowerCase()) ? reading.slice(below.length - 1) : reading;

const stricter = (known: StepUp | null, { require }: Condition): StepUp => {
  const within = [known?.withinSeconds ?? null, require?.signedInWithinSeconds ?? null].filter((seconds) => seconds !== null);
  return { mfa: known?.mfa === true || require?.mfa === true, withinSeconds: within.length === 0 ? null : Math.min(...within) };
};
