// The decision: what a set of statements says to one request ("Policy evaluation logic", IAM User Guide).
import { type Context, conditionsHold } from './conditions.ts';
import type { Statement } from './policy-document.ts';
import { matchesAction, matchesArn } from './wildcards.ts';

export interface Request {
  readonly action: string;
  /** An ARN; `*` for actions that know no resource. */
  readonly resource: string;
  readonly context: Context;
}

export type Decision =
  | { readonly outcome: 'allow'; readonly statement: Statement }
  | { readonly outcome: 'explicit deny'; readonly statement: Statement }
  | {
      readonly outcome: 'implicit deny';
      /** A suspended statement that would have allowed it. */
      readonly withheld: Statement | null;
    };

/** An explicit deny wins; without an allow nothing is allowed. */
export const decide = (
  statements: readonly Statement[],
  request: Request,
  about: (statement: Statement) => boolean = () => true,
): Decision => {
  let allowing: Statement | null = null;
  let withheld: Statement | null = null;
  for (const statement of statements) {
    if (statement.effect === 'Allow' && allowing) continue;
    if (!about(statement) || !applies(statement, request)) continue;
    if (statement.suspended) withheld ??= statement;
    else if (statement.effect === 'Deny') return { outcome: 'explicit deny', statement };
    else allowing = statement;
  }
  return allowing ? { outcome: 'allow', statement: allowing } : { outcome: 'implicit deny', withheld };
};

const applies = (statement: Statement, { action, resource, context }: Request): boolean =>
  statement.actions.some((pattern) => matchesAction(pattern, action)) !== statement.exceptActions &&
  coversResource(statement, resource) &&
  conditionsHold(statement.conditions, context);

/** A statement without resources is a trust policy's: its role is the resource. */
const coversResource = (statement: Statement, resource: string): boolean =>
  statement.resources.length === 0 ||
  statement.resources.some((pattern) => (resource === '*' ? pattern === '*' : matchesArn(pattern, resource))) !== statement.exceptResources;
