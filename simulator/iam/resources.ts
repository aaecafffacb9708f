// The CloudFormation types of IAM: roles, and policies that are attached to roles.
import { arn } from '../account.ts';
import { physicalName } from '../cloudformation/physical-name.ts';
import { allowOnly } from '../cloudformation/properties.ts';
import { QUOTAS } from '../quotas.ts';
import type { CreatedResource, ResourceRequest, ResourceTypes } from '../services.ts';
import type { Identities, Role } from './identities.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import { readPolicy, type Statement } from './policy-document.ts';

export interface ResourceTypesOptions {
  readonly identities: Identities;
  /** Records the statements of the template; answers those that are in force. */
  readonly register: (statements: readonly Statement[]) => readonly Statement[];
}

export const resourceTypes = ({ identities, register }: ResourceTypesOptions): ResourceTypes => {
  const managed = new Map<string, readonly Statement[]>();

  const createRole = async (request: ResourceRequest): Promise<CreatedResource> => {
    const { logicalId, properties } = request;
    allowOnly(request, [
      'AssumeRolePolicyDocument',
      'RoleName',
      'Path',
      'Policies',
      'ManagedPolicyArns',
      'MaxSessionDuration',
      'Description',
      'Tags',
    ]);
    const trust = readPolicy(properties.AssumeRolePolicyDocument, `${logicalId}/AssumeRolePolicyDocument`, 'trust');
    checkSize(`${logicalId}/AssumeRolePolicyDocument`, properties.AssumeRolePolicyDocument, QUOTAS.iam.trustPolicyMaxCharacters);
    checkPrincipals(trust, identities);
    const maxSessionSeconds = Number(properties.MaxSessionDuration ?? QUOTAS.sts.durationDefaultSeconds);
    if (!(maxSessionSeconds >= 3600 && maxSessionSeconds <= QUOTAS.sts.durationMaxSeconds)) {
      throw new Error(`MaxSessionDuration must be 3600 to ${QUOTAS.sts.durationMaxSeconds} seconds, not ${properties.MaxSessionDuration}`);
    }
    const role = identities.addRole(
      {
        name: physicalName(request, properties.RoleName, QUOTAS.iam.roleNameMaxCharacters),
        trust: register(trust),
        identity: [],
        maxSessionSeconds,
      },
      String(properties.Path ?? '/'),
    );
    for (const policy of list(properties.Policies) as { PolicyName: string; PolicyDocument: unknown }[]) {
      attachInline(role, policy.PolicyDocument, `${logicalId}/${policy.PolicyName}`);
    }
    for (const policyArn of list(properties.ManagedPolicyArns)) attachManaged(role, String(policyArn));
    return { ref: role.name, attributes: { Arn: role.arn, RoleId: role.id } };
  };

  const createPolicy = async (request: ResourceRequest): Promise<CreatedResource> => {
    const { logicalId, properties } = request;
    allowOnly(request, ['PolicyDocument', 'PolicyName', 'Roles']);
    if (list(properties.Roles).length === 0) throw new Error('the policy is attached to no role');
    for (const [index, role] of rolesOf(properties.Roles).entries()) {
      attachInline(role, properties.PolicyDocument, index === 0 ? logicalId : `${logicalId}/${role.name}`);
    }
    return { ref: String(properties.PolicyName), attributes: { Id: String(properties.PolicyName) } };
  };

  const createManagedPolicy = async (request: ResourceRequest): Promise<CreatedResource> => {
    const { logicalId, properties } = request;
    allowOnly(request, ['PolicyDocument', 'ManagedPolicyName', 'Roles', 'Description', 'Path']);
    checkSize(logicalId, properties.PolicyDocument, QUOTAS.iam.managedPolicyMaxCharacters);
    const policyArn = arn('iam', `policy${properties.Path ?? '/'}${physicalName(request, properties.ManagedPolicyName, 128)}`);
    managed.set(policyArn, register(readPolicy(properties.PolicyDocument, logicalId, 'identity')));
    for (const role of rolesOf(properties.Roles)) attachManaged(role, policyArn);
    return { ref: policyArn, attributes: { PolicyArn: policyArn } };
  };

  const rolesOf = (names: unknown): Role[] =>
    list(names).map((name) => {
      const role = identities.role(String(name));
      if (!role) throw new Error(`the role ${name} cannot be found`);
      return role;
    });

  const attachInline = (role: Role, document: unknown, source: string) => {
    checkSize(source, document, QUOTAS.iam.inlinePoliciesMaxCharacters);
    role.identity.push(...register(readPolicy(document, source, 'identity')));
  };

  const attachManaged = (role: Role, policyArn: string) => {
    const statements = managed.get(policyArn) ?? awsManaged(policyArn);
    if (!statements) throw new Error(`the managed policy ${policyArn} is not simulated: write its statements into the template`);
    role.identity.push(...statements);
  };

  return { 'AWS::IAM::Role': createRole, 'AWS::IAM::Policy': createPolicy, 'AWS::IAM::ManagedPolicy': createManagedPolicy };
};

const awsManaged = (policyArn: string): readonly Statement[] | null => {
  const document = AWS_MANAGED_POLICIES[policyArn];
  return document ? readPolicy(document, policyArn, 'identity') : null;
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** "IAM doesn't count white space" ("IAM and AWS STS quotas"). */
const checkSize = (source: string, document: unknown, max: number) => {
  const size = JSON.stringify(document ?? null).length;
  if (size > max) throw new Error(`${source}: the policy has ${size} characters, IAM takes ${max}`);
};

/** CreateRole answers MalformedPolicyDocument "Invalid principal in policy" for an ARN that does not exist. */
const checkPrincipals = (trust: readonly Statement[], identities: Identities) => {
  for (const principal of trust.flatMap(({ principals }) => principals?.aws ?? [])) {
    if (!/^arn:aws:iam::\d{12}:role\//.test(principal)) continue;
    if (!identities.role(principal)) throw new Error(`Invalid principal in policy: "AWS":"${principal}"`);
  }
};
