import { beforeEach, describe, expect, test } from '@jest/globals';
import { createManualClock } from '../clock.ts';
import { createIam, type IamService } from './iam.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:router';
const API = 'arn:aws:execute-api:us-east-1:123456789012:abc';
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:master-abcdef';
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

let iam: IamService;
beforeEach(() => {
  iam = createIam({ clock: createManualClock() });
});

const create = (service: IamService, type: string, logicalId: string, properties: Record<string, unknown>) =>
  service.resources[type]?.({ logicalId, type, properties, stackName: 'Test' }) ?? Promise.reject(new Error(type));

/** A role and, as CDK makes it, a policy beside it. */
const createRole = async (service: IamService, ...statements: object[]) => {
  const role = await create(service, 'AWS::IAM::Role', 'Role', { AssumeRolePolicyDocument: TRUST, RoleName: 'router' });
  await create(service, 'AWS::IAM::Policy', 'Policy', {
    PolicyName: 'PolicyName',
    PolicyDocument: { Version: '2012-10-17', Statement: statements },
    Roles: [role.ref],
  });
  const { accessKeyId } = service.sessionForService(role.attributes?.Arn ?? '', 'lambda.amazonaws.com', 'router');
  return service.principalOf(accessKeyId);
};

const READ = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], Resource: SECRET };
const SEND = { Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: `${API}/live/POST/@connections/*` };

describe('what is recorded', () => {
  test('which statement allowed what, and what of it nobody needed', async () => {
    const principal = await createRole(iam, READ, SEND);

    iam.authorize(principal, 'secretsmanager:GetSecretValue', SECRET);
    iam.authorize(principal, 'secretsmanager:GetSecretValue', SECRET);

    const [trust, read, send] = iam.statements();
    expect(trust).toMatchObject({ id: 'Role/AssumeRolePolicyDocument[0]', uses: 1, used: { 'sts:AssumeRole': 1 } });
    expect(read).toMatchObject({
      id: 'Policy[0]',
      uses: 2,
      used: { 'secretsmanager:GetSecretValue': 2 },
      unusedActions: ['secretsmanager:DescribeSecret'],
      unusedResources: [],
    });
    expect(send).toMatchObject({ id: 'Policy[1]', uses: 0, unusedResources: [`${API}/live/POST/@connections/*`] });
  });

  test('every denial, with who, what and why', async () => {
    const principal = await createRole(iam, READ);

    expect(() => iam.authorize(principal, 'execute-api:ManageConnections', `${API}/live/POST/@connections/x`)).toThrow(
      'is not authorized to perform: execute-api:ManageConnections on resource',
    );

    expect(iam.denials()).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-/),
        principal: 'arn:aws:sts::123456789012:assumed-role/router/router',
        action: 'execute-api:ManageConnections',
        resource: `${API}/live/POST/@connections/x`,
        reason: 'because no identity-based policy allows the execute-api:ManageConnections action',
        withheld: null,
      },
    ]);
  });
});

describe('a suspended statement', () => {
  test('allows nothing until it is in force again; the denial names it', async () => {
    const principal = await createRole(iam, READ, SEND);

    iam.suspend('Policy[0]', true);
    expect(() => iam.authorize(principal, 'secretsmanager:GetSecretValue', SECRET)).toThrow('is not authorized');
    expect(() => iam.authorize(principal, 'secretsmanager:PutSecretValue', SECRET)).toThrow('is not authorized');
    iam.suspend('Policy[0]', false);
    iam.authorize(principal, 'secretsmanager:GetSecretValue', SECRET);

    expect(iam.denials()).toMatchObject([{ withheld: 'Policy[0]' }, { withheld: null }]);
    expect(iam.statements()[1]).toMatchObject({ id: 'Policy[0]', uses: 1, suspended: false });
  });

  test('of a trust policy lets the role be assumed no more', async () => {
    await createRole(iam, READ);

    iam.suspend('Role/AssumeRolePolicyDocument[0]', true);

    expect(() => iam.sessionForService('router', 'lambda.amazonaws.com', 'x')).toThrow('sts:AssumeRole');
    expect(iam.denials()).toMatchObject([{ principal: 'lambda.amazonaws.com', withheld: 'Role/AssumeRolePolicyDocument[0]' }]);
  });

  test('that the template does not have is an error', () => {
    expect(() => iam.suspend('Policy[7]', true)).toThrow('no Allow statement Policy[7]');
  });
});

describe('started without a statement', () => {
  test('what it allowed is denied', async () => {
    const without = createIam({ clock: createManualClock(), withoutStatement: 'Policy[0]' });
    const principal = await createRole(without, READ, SEND);

    expect(() => without.authorize(principal, 'secretsmanager:GetSecretValue', SECRET)).toThrow('is not authorized');
    expect(() => without.authorize(principal, 'execute-api:ManageConnections', `${API}/live/POST/@connections/x`)).not.toThrow();
    expect(() => without.checkRemoval()).not.toThrow();
  });

  test('a trust policy’s statement can be left out too', async () => {
    const without = createIam({ clock: createManualClock(), withoutStatement: 'Role/AssumeRolePolicyDocument[0]' });

    await expect(createRole(without, READ)).rejects.toThrow('sts:AssumeRole');
  });

  test('one that the template does not have is an error', async () => {
    const without = createIam({ clock: createManualClock(), withoutStatement: 'Policy[7]' });
    await createRole(without, READ);

    expect(() => without.checkRemoval()).toThrow('no Allow statement Policy[7]; it has Role/AssumeRolePolicyDocument[0], Policy[0]');
  });
});

describe('services', () => {
  test('a service assumes only a role that trusts it', async () => {
    await createRole(iam, READ);

    expect(() => iam.sessionForService('router', 'apigateway.amazonaws.com', 'x')).toThrow('is not authorized to perform: sts:AssumeRole');
  });

  test('a function is invoked only with a permission for the source', () => {
    iam.permitService({
      logicalId: 'Permission',
      principal: 'apigateway.amazonaws.com',
      action: 'lambda:InvokeFunction',
      resource: FUNCTION,
      sourceArn: `${API}/*/GET/a`,
    });
    const invoke = (sourceArn: string, service = 'apigateway.amazonaws.com', target = FUNCTION) =>
      iam.authorizeService(service, 'lambda:InvokeFunction', target, sourceArn);

    expect(() => invoke(`${API}/live/GET/a`)).not.toThrow();
    expect(() => invoke(`${API}/live/POST/a`)).toThrow('is not authorized');
    expect(() => invoke(`${API}/live/GET/a`, 'events.amazonaws.com')).toThrow('is not authorized');
    expect(() => invoke(`${API}/live/GET/a`, 'apigateway.amazonaws.com', `${FUNCTION}2`)).toThrow('is not authorized');
    expect(iam.statements()).toMatchObject([{ id: 'Permission', uses: 1 }]);
  });
});

describe('resources that are refused', () => {
  test('a trust in a role that does not exist', async () => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:role/nobody' }, Action: 'sts:AssumeRole' }],
    };

    await expect(create(iam, 'AWS::IAM::Role', 'Role', { AssumeRolePolicyDocument: trust })).rejects.toThrow('Invalid principal in policy');
  });

  test('a managed policy that is not known, a property that is not simulated, a policy of no role', async () => {
    const role = { AssumeRolePolicyDocument: TRUST };

    await expect(
      create(iam, 'AWS::IAM::Role', 'A', { ...role, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    ).rejects.toThrow('AdministratorAccess is not simulated');
    await expect(create(iam, 'AWS::IAM::Role', 'B', { ...role, PermissionsBoundary: 'x' })).rejects.toThrow(
      'PermissionsBoundary is not simulated',
    );
    await expect(create(iam, 'AWS::IAM::Policy', 'C', { PolicyName: 'c', PolicyDocument: {} })).rejects.toThrow('attached to no role');
  });

  test('a policy that is too large', async () => {
    const statements = Array.from({ length: 100 }, (_, index) => ({ ...READ, Resource: `${SECRET}-${index}` }));

    await expect(createRole(iam, ...statements)).rejects.toThrow('IAM takes 10240');
  });
});

test('a managed policy of the template reaches its roles', async () => {
  const principal = await createRole(iam, SEND);
  await create(iam, 'AWS::IAM::ManagedPolicy', 'Managed', {
    PolicyDocument: { Version: '2012-10-17', Statement: READ },
    Roles: ['router'],
  });

  iam.authorize(principal, 'secretsmanager:GetSecretValue', SECRET);

  expect(iam.statements().at(-1)).toMatchObject({ id: 'Managed[0]', uses: 1 });
});
