// The template of every variant against models that are not ours: CloudFormation's own schemas of resources, and the rules that AWS ships with
// them; then against what no schema says, as the simulator checks it before it deploys.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { App, CloudFormationValidatePlugin } from 'aws-cdk-lib';
import { exampleTemplate } from '../../lib/testing/synthesise.ts';
import { VARIANTS } from '../../lib/testing/variants.ts';
import { conditionHolds, type Scope } from '../../simulator/cloudformation/intrinsics.ts';
import { creationOrder } from '../../simulator/cloudformation/order.ts';
import { resolveParameters } from '../../simulator/cloudformation/parameters.ts';
import { ruleFaults } from '../../simulator/cloudformation/rules.ts';
import { readTemplate } from '../../simulator/cloudformation/template.ts';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
}
interface Json {
  Resources: Record<string, Resource>;
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-templates-'));
afterAll(() => rmSync(folder, { recursive: true }));

const jsonOf = (variant: string): Json => exampleTemplate(VARIANTS[variant]).toJSON() as Json;
const templates = Object.fromEntries(Object.keys(VARIANTS).map((variant) => [variant, jsonOf(variant)]));

/** One for all: its schemas take seconds to load. */
const validator = new CloudFormationValidatePlugin();

/** `rule resource: what is wrong`, warnings included. */
const schemaFaults = (...jsons: readonly Json[]): string[] => {
  const stackTemplates = jsons.map((json, index) => {
    const templatePath = join(folder, `${index}.json`);
    writeFileSync(templatePath, JSON.stringify(json));
    return { stackConstructPath: 'Stack', templatePath, accountId: undefined, region: undefined };
  });
  const templatePaths = stackTemplates.map(({ templatePath }) => templatePath);
  const { violations } = validator.validate({ stackTemplates, templatePaths, appConstruct: new App() });
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ resourceLogicalId }) => `${ruleName} ${resourceLogicalId}: ${description}`),
  );
};

test('every resource of every variant is as CloudFormation’s own schema has it', () => {
  expect(schemaFaults(...Object.values(templates))).toEqual([]);
});

const ofType = (resources: Json['Resources'], type: string): Array<[string, Resource]> =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

test.each<[string, string, (properties: Record<string, unknown>, resource: Resource) => void, RegExp]>([
  ['an unknown property', 'AWS::ApiGatewayV2::Route', (properties) => Object.assign(properties, { Key: 'x' }), /'Key' was unexpected/],
  [
    'a required property that is missing',
    'AWS::ApiGatewayV2::Route',
    (properties) => delete properties.RouteKey,
    /'RouteKey' is a required/,
  ],
  ['another type', 'AWS::Lambda::Function', (properties) => Object.assign(properties, { MemorySize: 'lots' }), /not of type 'integer'/],
  ['a value beyond its range', 'AWS::CloudWatch::Alarm', (properties) => Object.assign(properties, { EvaluationPeriods: 0 }), /minimum/],
  ['a value that does not match', 'AWS::Lambda::Function', (properties) => Object.assign(properties, { Role: 'me' }), /not match pattern/],
  [
    'a value that is none of those',
    'AWS::Logs::LogGroup',
    (properties) => Object.assign(properties, { RetentionInDays: 91 }),
    /not one of/,
  ],
  [
    'an unknown type',
    'AWS::DynamoDB::Table',
    (_, resource) => Object.assign(resource, { Type: 'AWS::DynamoDB::Desk' }),
    /Unknown resource/,
  ],
  [
    'a policy of deletion that is none',
    'AWS::DynamoDB::Table',
    (_, made) => Object.assign(made, { DeletionPolicy: 'Keep' }),
    /DeletionPolicy/,
  ],
])('the schema’s check finds %s', (_, type, damage, told) => {
  const json = structuredClone(templates['the example']!);
  const [id, resource] = ofType(json.Resources, type)[0]!;
  damage(resource.Properties, resource);

  expect(schemaFaults(json).filter((fault) => fault.includes(` ${id}: `) && told.test(fault))).toHaveLength(1);
});

const CERTIFICATE = { CertificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/abc' };

const simulatorFaults = (json: Json, parameters: Readonly<Record<string, string>> = {}): string[] => {
  const template = readTemplate(JSON.stringify(json));
  const scope: Scope = {
    template,
    stackName: 's',
    parameters: resolveParameters(template, { ...CERTIFICATE, ...parameters }),
    created: new Map(),
  };
  const isWanted = ({ Condition }: { readonly Condition?: string }) => Condition === undefined || conditionHolds(Condition, scope);
  return ruleFaults(template, creationOrder(template, isWanted, scope), scope);
};

test.each(Object.keys(VARIANTS))('%s keeps what no schema says', (variant) => {
  expect(simulatorFaults(templates[variant]!)).toEqual([]);
  expect(simulatorFaults(templates[variant]!, { HostedZoneId: 'Z0123456789ABCDEFGHIJ' })).toEqual([]);
});

test.each<[string, (json: Json) => void, RegExp]>([
  [
    'integration responses',
    ({ Resources }) => {
      for (const [id, { Type }] of Object.entries(Resources)) if (Type === 'AWS::ApiGatewayV2::IntegrationResponse') delete Resources[id];
      for (const [, stage] of ofType(Resources, 'AWS::ApiGatewayV2::Stage'))
        stage.DependsOn = stage.DependsOn?.filter((id) => Object.hasOwn(Resources, id));
    },
    /ReplyApi\S*connectintegration\w*: an integration of type MOCK needs an integration response/,
  ],
  [
    'what its stages depend on',
    ({ Resources }) => {
      for (const [, stage] of ofType(Resources, 'AWS::ApiGatewayV2::Stage')) delete stage.DependsOn;
    },
    /ReplyApiStage\w*: At least one route is required/,
  ],
])('without %s it does not', (_, damage, told) => {
  const json = structuredClone(templates['the example']!);
  damage(json);

  expect(simulatorFaults(json)).toContainEqual(expect.stringMatching(told));
});
