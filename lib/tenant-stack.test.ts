import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exampleTemplate, grants, resourcesOf } from './testing/synthesise.ts';

const template = exampleTemplate();

test('the whole stack', () => {
  const json = structuredClone(template.toJSON());
  for (const { Type, Properties } of Object.values(
    json.Resources as Record<string, { Type: string; Properties: Record<string, unknown> }>,
  )) {
    // The hash of the code says nothing about the stack, and changes with every line of lambdas/.
    if (Type === 'AWS::Lambda::Function') Properties.Code = 'bundled';
  }

  expect(json).toMatchSnapshot();
});

describe('what each function may do, and nothing else', () => {
  const log = (name: string) => `Allow logs:CreateLogStream logs:PutLogEvents on {${name}Log.Arn}`;
  const connections = (api: string, method: string) =>
    `Allow execute-api:ManageConnections on arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{${api}}/live/${method}/@connections/*`;

  test.each<[string, string[]]>([
    [
      'IngressRouterRole',
      [
        log('IngressRouter'),
        'Allow dynamodb:Query on {TablesRegistry.Arn} with group#*',
        'Allow dynamodb:Query on {TablesRegistry.Arn} with service-tokens',
        'Allow dynamodb:GetItem dynamodb:UpdateItem on {TablesRegistry.Arn} with credentials#*',
        'Allow dynamodb:UpdateItem on {TablesRegistry.Arn} with limit#*',
        'Allow dynamodb:Query on {TablesDirectory.Arn}',
        'Allow dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on {TablesSessions.Arn} with session#*',
        'Allow dynamodb:PutItem on {TablesSessions.Arn} with handle#*',
        'Allow dynamodb:PutItem dynamodb:DeleteItem on {TablesSessions.Arn} with code#*',
        'Allow secretsmanager:GetSecretValue on {SecretsMasterKey}',
        'Allow secretsmanager:GetSecretValue on {SecretsAssertion}',
        connections('TunnelApi', 'POST'),
        'Allow lambda:InvokeFunction on {PortalFunction.Arn}',
      ],
    ],
    [
      'TunnelApiTunnelsRole',
      [
        log('TunnelApiTunnels'),
        'Allow dynamodb:GetItem dynamodb:UpdateItem on {TablesRegistry.Arn} with connector',
        'Allow dynamodb:Query dynamodb:UpdateItem dynamodb:DeleteItem on {TablesRegistry.Arn} with group#*',
        'Allow dynamodb:UpdateItem on {TablesRegistry.Arn} with dial#*',
        'Allow dynamodb:Scan on {TablesDirectory.Arn}',
        'Allow secretsmanager:GetSecretValue on {SecretsMasterKey}',
      ],
    ],
    ['TunnelApiAuthorizerRole', [log('TunnelApiAuthorizer'), 'Allow dynamodb:GetItem on {TablesRegistry.Arn} with connector']],
    [
      'ReplyApiAuthorizerRole',
      [
        log('ReplyApiAuthorizer'),
        'Allow secretsmanager:GetSecretValue on {SecretsMasterKey}',
        'Allow dynamodb:GetItem dynamodb:PutItem on {TablesSessions.Arn} with session#*',
        'Allow dynamodb:PutItem on {TablesSessions.Arn} with ticket#*',
        'Allow dynamodb:Query on {TablesDirectory.Arn}',
        'Allow dynamodb:Query on {TablesRegistry.Arn} with service-tokens',
      ],
    ],
    [
      'ReplyApiSocketsRole',
      [
        log('ReplyApiSockets'),
        'Allow secretsmanager:GetSecretValue on {SecretsMasterKey}',
        'Allow dynamodb:Query on {TablesRegistry.Arn} with group#*',
        'Allow dynamodb:GetItem dynamodb:UpdateItem dynamodb:DeleteItem on {TablesSessions.Arn} with session#*',
        connections('TunnelApi', 'POST'),
      ],
    ],
    ['ReplyApiReplyRole', [connections('ReplyApi', 'POST')]],
    [
      'PortalRole',
      [
        log('Portal'),
        'Allow dynamodb:Query dynamodb:Scan on {TablesDirectory.Arn}',
        'Allow dynamodb:Query on {TablesRegistry.Arn} with group#*',
        'Allow dynamodb:UpdateItem on {TablesRegistry.Arn} with limit#*',
        'Allow dynamodb:GetItem dynamodb:PutItem dynamodb:DeleteItem on {TablesRegistry.Arn} with credentials#*',
        'Allow dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem on {TablesSessions.Arn} with session#*',
        'Allow dynamodb:Query dynamodb:PutItem on {TablesSessions.Arn} with handle#*',
        'Allow dynamodb:PutItem dynamodb:DeleteItem on {TablesSessions.Arn} with code#*',
        'Allow dynamodb:PutItem on {TablesSessions.Arn} with assertion#*',
        'Allow dynamodb:Query on {TablesSessions.Arn}/index/by-parent',
        'Allow secretsmanager:GetSecretValue on {SecretsMasterKey}',
        'Allow secretsmanager:GetSecretValue on {SecretsAssertion}',
        'Allow secretsmanager:GetSecretValue on {SecretsSaml}',
        'Allow secretsmanager:GetSecretValue on {SecretsClientSecretmain}',
        connections('ReplyApi', 'DELETE'),
      ],
    ],
    [
      'PortalEnrolmentRole',
      [
        log('PortalEnrolment'),
        'Allow dynamodb:DeleteItem on {TablesRegistry.Arn} with enrolment#*',
        'Allow dynamodb:PutItem on {TablesRegistry.Arn} with connector',
        'Allow dynamodb:UpdateItem on {TablesRegistry.Arn} with limit#*',
      ],
    ],
    [
      'PortalControlRole',
      [
        log('PortalControl'),
        'Allow logs:FilterLogEvents on {IngressRouterLog.Arn}',
        'Allow logs:FilterLogEvents on {PortalLog.Arn}',
        'Allow logs:FilterLogEvents on {PortalEnrolmentLog.Arn}',
        'Allow logs:FilterLogEvents on {PortalControlLog.Arn}',
        'Allow logs:FilterLogEvents on {TunnelApiTunnelsLog.Arn}',
        'Allow logs:FilterLogEvents on {TunnelApiAuthorizerLog.Arn}',
        'Allow logs:FilterLogEvents on {ReplyApiAuthorizerLog.Arn}',
        'Allow logs:FilterLogEvents on {DirectoryWriterLog.Arn}',
        'Allow dynamodb:Query dynamodb:DeleteItem on {TablesRegistry.Arn} with connector',
        'Allow dynamodb:Query dynamodb:DeleteItem on {TablesRegistry.Arn} with group#*',
        'Allow dynamodb:PutItem on {TablesRegistry.Arn} with enrolment#*',
        'Allow dynamodb:Query dynamodb:PutItem dynamodb:DeleteItem on {TablesRegistry.Arn} with service-tokens',
        'Allow dynamodb:GetItem dynamodb:PutItem dynamodb:DeleteItem on {TablesRegistry.Arn} with credentials#*',
        'Allow dynamodb:Scan dynamodb:Query dynamodb:PutItem dynamodb:DeleteItem on {TablesDirectory.Arn}',
        'Allow dynamodb:GetItem dynamodb:Query dynamodb:DeleteItem on {TablesSessions.Arn} with session#*',
        'Allow dynamodb:Query on {TablesSessions.Arn} with handle#*',
        'Allow dynamodb:DeleteItem on {TablesSessions.Arn} with code#*',
        'Allow dynamodb:Query on {TablesSessions.Arn}/index/by-parent',
        connections('ReplyApi', 'DELETE'),
        connections('TunnelApi', 'DELETE'),
      ],
    ],
    [
      'DirectoryWriterRole',
      [
        log('DirectoryWriter'),
        'Allow dynamodb:Scan dynamodb:PutItem dynamodb:DeleteItem on {TablesDirectory.Arn}',
        'Allow dynamodb:Query dynamodb:DeleteItem on {TablesSessions.Arn} with session#at#*',
        'Allow execute-api:ManageConnections on arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{ReplyApi}/live/DELETE/@connections/*',
        'Allow secretsmanager:GetSecretValue on {SecretsSaml}',
        'Allow secretsmanager:PutSecretValue on {SecretsSaml}',
      ],
    ],
  ])('%s', (role, expected) => {
    expect(grants(template, role)).toEqual(expected);
  });

  test('no other policy exists', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::IAM::Policy'))).toHaveLength(10);
    expect(
      Object.values(resourcesOf(template, 'AWS::IAM::Role')).flatMap(({ Properties }) => [
        Properties.Policies,
        Properties.ManagedPolicyArns,
      ]),
    ).toEqual(Array(18).fill(undefined));
  });
});

describe('parameters and outputs', () => {
  test('a certificate must be given, a hosted zone may be', () => {
    const parameters = template.findParameters('*');

    expect(parameters.CertificateArn?.Default).toBeUndefined();
    expect(parameters.HostedZoneId?.Default).toBe('');
    expect('arn:aws:acm:eu-central-1:123456789012:certificate/abc').toMatch(new RegExp(parameters.CertificateArn?.AllowedPattern));
    expect('certificate/abc').not.toMatch(new RegExp(parameters.CertificateArn?.AllowedPattern));
  });

  test('the outputs say what an administrator has to do next', () => {
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
      'BackChannelLogoutUri',
      'ClientSecretArn1',
      'ClientSecretCommand1',
      'ControlArn',
      'ControlEndpoint',
      'DnsRecordAlternate1',
      'DnsRecordApplications',
      'DnsRecordPortal',
      'FrontChannelLogoutUri',
      'Kept',
      'PortalUrl',
      'RedirectUri1',
      'SignedOutUri',
      'TunnelUrl',
    ]);
    template.hasOutput('RedirectUri1', { Value: 'https://portal.example.com/callback/main' });
  });
});

test('a region and account of the tenant file are those of the stack', () => {
  const { Resources } = exampleTemplate({ region: 'eu-north-1', account: '123456789012' }).toJSON();

  expect(JSON.stringify(Resources)).toContain('wss://');
  expect(JSON.stringify(Resources)).toContain('.execute-api.eu-north-1.');
});

// Where it is not installed, it counts as skipped: test/contract/template.test.ts has the same schemas, and needs nothing beside the packages.
const isInstalled = spawnSync('cfn-lint', ['--version']).status === 0;

(isInstalled ? test : test.skip)('cfn-lint reports nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(template.toJSON()));

  const { stdout, status } = spawnSync('cfn-lint', [file], { encoding: 'utf8' });

  rmSync(folder, { recursive: true });
  expect([stdout.trim(), status]).toEqual(['', 0]);
});
