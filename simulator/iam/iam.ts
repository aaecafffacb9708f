// Identity and access as the template gives them: signatures are checked, policies decide, and every decision is recorded.
import { type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import { ACCOUNT_ID, REGION } from '../account.ts';
import { type AccessKeys, AwsError, type Clock, type Iam, type Principal, type ResourceTypes } from '../services.ts';
import { decideAssumeRole } from './assume-role.ts';
import type { Context } from './conditions.ts';
import { type Decision, decide } from './evaluate.ts';
import { createIdentities, type Identity, type Role } from './identities.ts';
import { createLedger, type Denial, type Ledger, type StatementUse } from './ledger.ts';
import { readPolicy, type Statement } from './policy-document.ts';
import { resourceTypes } from './resources.ts';
import { createSignatureCheck } from './signature.ts';

export interface IamService extends Iam {
  /** Keys that may do everything: the person who deploys. */
  readonly administrator: AccessKeys;
  readonly resources: ResourceTypes;
  principalOf(accessKeyId: string): Principal;
  /** The identity behind a principal; `userId` is what STS tells. */
  identify(principal: Principal): Pick<Identity, 'arn' | 'userId' | 'role'>;
  findRole(roleArn: string): Role | undefined;
  /** Credentials of the role for the caller. Throws `AwsError` AccessDenied. */
  assumeRole(caller: Principal, role: AssumeRole): Pick<Identity, 'arn' | 'userId' | 'keys'>;
  /** Every Allow statement of the template, and how often each was what allowed a request. */
  statements(): readonly StatementUse[];
  denials(): readonly Denial[];
  /** Lets one Allow statement count for nothing, or for something again. Throws ERR_REQUEST_INVALID when the template has none by this id. */
  suspend(id: string, suspended: boolean): void;
  /** Throws ERR_CONFIGURATION_INVALID when `withoutStatement` names a statement that the template does not have. */
  checkRemoval(): void;
}

export interface AssumeRole {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
  readonly sessionPolicy: readonly Statement[] | null;
  readonly externalId?: string;
}

export interface IamOptions {
  readonly clock: Clock;
  /** The id of one Allow statement of the template that is left out, to see what then fails. */
  readonly withoutStatement?: string;
}

/** Differs from AWS: Lambda renews its environments' credentials; these last longer than an environment. */
const SERVICE_SESSION_MS = 12 * 3_600_000;

export const createIam = ({ clock, withoutStatement }: IamOptions): IamService => {
  const identities = createIdentities(clock.now);
  const ledger = createLedger();
  const permissions: Statement[] = [];
  const checkSignature = createSignatureCheck((accessKeyId) => identities.find(accessKeyId)?.keys, clock.now);

  const register = (statements: readonly Statement[]): readonly Statement[] => {
    ledger.register(statements);
    if (withoutStatement !== undefined) ledger.suspend(withoutStatement, true);
    return statements;
  };

  const deny = (principal: string, action: string, resource: string, reason: string, withheld: Statement | null = null): AwsError => {
    ledger.denied({ at: new Date(clock.now()).toISOString(), principal, action, resource, reason, withheld: withheld?.id ?? null });
    return new AwsError(
      403,
      'AccessDenied',
      `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${reason}`.trim(),
    );
  };

  const identityOf = ({ accessKeyId, arn }: Principal): Identity => {
    const identity = identities.find(accessKeyId);
    if (!identity || identity.arn !== arn) throw new AwsError(403, 'UnrecognizedClientException', `${arn} holds no key of this account.`);
    return identity;
  };

  const principalOf = (accessKeyId: string): Principal => {
    const identity = identities.find(accessKeyId);
    if (!identity) throw new AwsError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
    return { arn: identity.arn, accessKeyId };
  };

  const authorize: Iam['authorize'] = (principal, action, resource, context) => {
    const identity = identityOf(principal);
    const request = { action, resource, context: contextOf(identity, context) };
    const decision = decide(identity.identity, request);
    if (decision.outcome === 'explicit deny')
      throw deny(identity.arn, action, resource, 'with an explicit deny in an identity-based policy');
    const session = identity.sessionPolicy && decide(identity.sessionPolicy, request);
    if (session?.outcome === 'explicit deny') throw deny(identity.arn, action, resource, 'with an explicit deny in a session policy');
    if (decision.outcome !== 'allow') {
      throw deny(identity.arn, action, resource, `because no identity-based policy allows the ${action} action`, decision.withheld);
    }
    if (session && session.outcome !== 'allow') {
      throw deny(identity.arn, action, resource, `because no session policy allows the ${action} action`);
    }
    ledger.allowed(decision.statement, action, resource);
  };

  const needRole = (roleArn: string): Role => {
    const role = identities.role(roleArn);
    if (!role) throw new AwsError(404, 'NoSuchEntity', `The role ${roleArn} cannot be found.`);
    return role;
  };

  const decideForService = (
    statements: readonly Statement[],
    servicePrincipal: string,
    action: string,
    resource: string,
    context: Context,
  ) => {
    const decision = decide(
      statements,
      { action, resource, context },
      ({ principals }) => principals?.services.includes(servicePrincipal) ?? false,
    );
    if (decision.outcome !== 'allow')
      throw deny(servicePrincipal, action, resource, 'because no resource-based policy allows it', withheldBy(decision));
    ledger.allowed(decision.statement, action, resource);
  };

  return {
    administrator: identities.administrator.keys,
    resources: resourceTypes({ identities, register }),
    authenticate: (request, service) => principalOf(checkSignature(request, service)),
    authorize,
    principalOf,
    identify: identityOf,
    findRole: identities.role,
    assumeRole: (caller, { roleArn, sessionName, durationSeconds, sessionPolicy, externalId }) => {
      const identity = identityOf(caller);
      const role = identities.role(roleArn);
      // AWS does not tell a role that does not exist from one that does not trust the caller.
      if (!role) throw deny(identity.arn, 'sts:AssumeRole', roleArn, '');
      const context = contextOf(identity, {
        'sts:rolesessionname': sessionName,
        ...(externalId === undefined ? {} : { 'sts:externalid': externalId }),
      });
      const decision = decideAssumeRole(identity, role, { action: 'sts:AssumeRole', resource: role.arn, context });
      if (!decision.allowedBy) throw deny(identity.arn, 'sts:AssumeRole', role.arn, decision.reason, decision.withheld);
      for (const statement of decision.allowedBy) ledger.allowed(statement, 'sts:AssumeRole', role.arn);
      const expiresAt = clock.now() + durationSeconds * 1000;
      return identities.openSession(role, { name: sessionName, expiresAt, policy: sessionPolicy });
    },
    sessionForService: (roleArn, servicePrincipal, sessionName) => {
      const role = needRole(roleArn);
      decideForService(role.trust, servicePrincipal, 'sts:AssumeRole', role.arn, {});
      return identities.openSession(role, { name: sessionName, expiresAt: clock.now() + SERVICE_SESSION_MS, policy: null }).keys;
    },
    authorizeService: (servicePrincipal, action, resource, sourceArn) =>
      decideForService(permissions, servicePrincipal, action, resource, { 'aws:sourcearn': sourceArn, 'aws:sourceaccount': ACCOUNT_ID }),
    permitService: ({ logicalId, principal, action, resource, sourceArn }) => {
      const [statement] = readPolicy(
        {
          Version: '2012-10-17',
          Statement: {
            Effect: 'Allow',
            Action: action,
            Resource: resource,
            ...(sourceArn === undefined ? {} : { Condition: { ArnLike: { 'aws:SourceArn': sourceArn } } }),
          },
        },
        logicalId,
        'identity',
      );
      if (!statement) return;
      permissions.push(...register([{ ...statement, id: logicalId, principals: { aws: [], services: [principal] } }]));
    },
    statements: ledger.statements,
    denials: ledger.denials,
    suspend: (id, suspended) => {
      if (!ledger.suspend(id, suspended)) throw unknownStatement('ERR_REQUEST_INVALID', id, ledger);
    },
    checkRemoval: () => {
      if (withoutStatement === undefined || ledger.suspend(withoutStatement, true)) return;
      throw unknownStatement('ERR_CONFIGURATION_INVALID', withoutStatement, ledger);
    },
  };
};

const withheldBy = (decision: Decision): Statement | null => (decision.outcome === 'implicit deny' ? decision.withheld : null);

const unknownStatement = (code: ErrorCode, id: string, ledger: Ledger): SallyportError => {
  const ids = ledger.statements().map((statement) => statement.id);
  return new SallyportError(code, `The template has no Allow statement ${id}; it has ${ids.join(', ')}.`);
};

/** What IAM itself knows of every request. Differs from AWS: loopback counts as secure transport. */
const contextOf = (identity: Identity, given: Context = {}): Context => {
  const context: Record<string, string | readonly string[]> = {
    // "For IAM roles, the request context returns the ARN of the role" (aws:PrincipalArn).
    'aws:principalarn': identity.role?.arn ?? identity.arn,
    'aws:principalaccount': ACCOUNT_ID,
    'aws:requestedregion': REGION,
    'aws:securetransport': 'true',
  };
  for (const [key, value] of Object.entries(given)) context[key.toLowerCase()] = value;
  return context;
};
