// Whether a principal may assume a role, by AWS's rule for one account. AssumeRole (STS API Reference): within the account
// it is enough that the role's trust policy names the principal itself, "because the role's trust policy acts as an IAM
// resource-based policy"; a trust policy that names the account leaves it to the principal's own policies.
import { ACCOUNT_ID, arn } from '../account.ts';
import { type Decision, decide, type Request } from './evaluate.ts';
import type { Identity, Role } from './identities.ts';
import type { Statement } from './policy-document.ts';

const ACCOUNT_ROOT = arn('iam', 'root');

export interface AssumeRoleDecision {
  /** The statements that allowed it, or null. */
  readonly allowedBy: readonly Statement[] | null;
  readonly reason: string;
  readonly withheld: Statement | null;
}

const refused = (reason: string, decision?: Decision): AssumeRoleDecision => ({
  allowedBy: null,
  reason,
  withheld: decision?.outcome === 'implicit deny' ? decision.withheld : null,
});

export const decideAssumeRole = (caller: Identity, role: Role, request: Request): AssumeRoleDecision => {
  const sessionArnNamed = (statement: Statement) => statement.principals?.aws.includes(caller.arn) ?? false;
  const named = (statement: Statement) =>
    sessionArnNamed(statement) || (statement.principals?.aws.some((given) => given === '*' || given === caller.role?.arn) ?? false);
  const trusted = (statement: Statement) =>
    named(statement) || (statement.principals?.aws.some((given) => given === ACCOUNT_ROOT || given === ACCOUNT_ID) ?? false);

  const trust = decide(role.trust, request, trusted);
  if (trust.outcome === 'explicit deny') return refused('with an explicit deny in the role trust policy');
  const identity = decide(caller.identity, request);
  if (identity.outcome === 'explicit deny') return refused('with an explicit deny in an identity-based policy');
  const session: Decision | null = caller.sessionPolicy && decide(caller.sessionPolicy, request);
  if (session?.outcome === 'explicit deny') return refused('with an explicit deny in a session policy');

  if (trust.outcome !== 'allow') return refused('because no role trust policy allows the sts:AssumeRole action', trust);
  const direct = decide(role.trust, request, named);
  if (direct.outcome === 'allow') {
    // "Policy evaluation logic": a session policy bounds what is granted to the role's ARN, not what is granted to the session's.
    const bounded = session !== null && session.outcome !== 'allow' && decide(role.trust, request, sessionArnNamed).outcome !== 'allow';
    return bounded
      ? refused('because no session policy allows the sts:AssumeRole action')
      : { allowedBy: [direct.statement], reason: '', withheld: null };
  }
  if (identity.outcome !== 'allow') return refused('because no identity-based policy allows the sts:AssumeRole action', identity);
  if (session !== null && session.outcome !== 'allow') return refused('because no session policy allows the sts:AssumeRole action');
  return { allowedBy: [trust.statement, identity.statement], reason: '', withheld: null };
};
