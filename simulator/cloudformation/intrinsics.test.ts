import { describe, expect, test } from '@jest/globals';
import { conditionHolds, resolve, type Scope } from './intrinsics.ts';
import { creationOrder } from './order.ts';
import { resolveParameters } from './parameters.ts';
import { readTemplate, type Template } from './template.ts';

/** What Fn::Sub fills. */
const hole = (name: string): string => `$\{${name}}`;

const read = (template: object): Template => readTemplate(JSON.stringify(template));

const scopeOf = (template: object = {}, parameters: Record<string, string> = {}): Scope => {
  const whole = read(template);
  return {
    template: whole,
    stackName: 'Stack',
    parameters: resolveParameters(whole, parameters),
    created: new Map([['Table', { ref: 'table-1', attributes: { Arn: 'arn:table', 'Endpoint.Address': 'host' } }]]),
  };
};

describe('functions', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref of the account', { Ref: 'AWS::AccountId' }, '123456789012'],
    ['Ref of a resource', { Ref: 'Table' }, 'table-1'],
    ['Ref of a parameter', { Ref: 'Domain' }, 'example.com'],
    ['Ref of a list', { Ref: 'Hosts' }, ['a', 'b']],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:table'],
    ['Fn::GetAtt with dots', { 'Fn::GetAtt': 'Table.Endpoint.Address' }, 'host'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Table' }, 3]] }, 'a-table-1-3'],
    ['Fn::Join of a list', { 'Fn::Join': [',', { Ref: 'Hosts' }] }, 'a,b'],
    [
      'Fn::Sub',
      { 'Fn::Sub': `${hole('Table')}/${hole('Table.Arn')}/${hole('AWS::StackName')}/${hole('!Literal')}` },
      `table-1/arn:table/Stack/${hole('Literal')}`,
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': [hole('a') + hole('Table'), { a: { Ref: 'Domain' } }] }, 'example.comtable-1'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': ['1', { 'Fn::Split': ['.', { Ref: 'Domain' }] }] }, 'com'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'Memory'] }, 256],
    ['Fn::If, taken', { 'Fn::If': ['IsExample', 'yes', { Ref: 'Nowhere' }] }, 'yes'],
    ['Fn::If, not taken', { 'Fn::If': ['IsOther', { Ref: 'Nowhere' }, 'no'] }, 'no'],
    ['AWS::NoValue in a list', ['a', { Ref: 'AWS::NoValue' }, 'b'], ['a', 'b']],
    ['AWS::NoValue in an object', { a: 1, b: { 'Fn::If': ['IsOther', 2, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
    ['Fn::Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    ['an IAM statement’s Condition', { Condition: { Bool: { x: 'true' } } }, { Condition: { Bool: { x: 'true' } } }],
  ])('%s', (_, value, expected) => {
    const scope = scopeOf({
      Parameters: { Domain: { Type: 'String', Default: 'example.com' }, Hosts: { Type: 'CommaDelimitedList', Default: 'a, b' } },
      Mappings: { Sizes: { 'us-east-1': { Memory: 256 } } },
      Conditions: {
        IsExample: { 'Fn::Equals': [{ Ref: 'Domain' }, 'example.com'] },
        IsOther: { 'Fn::Not': [{ Condition: 'IsExample' }] },
      },
    });

    expect(resolve(value, scope)).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ['a Ref that leads nowhere', { Ref: 'Queue' }, 'Ref Queue leads nowhere'],
    ['an attribute that is not there', { 'Fn::GetAtt': ['Table', 'StreamArn'] }, 'Table has no attribute StreamArn here (it has Arn'],
    ['an unknown function', { 'Fn::Cidr': [] }, 'the function Fn::Cidr is not simulated'],
    ['a dynamic reference', '{{resolve:ssm:/a}}', 'dynamic references are not simulated'],
    ['an index that is too large', { 'Fn::Select': [2, ['a']] }, 'Fn::Select has no entry 2'],
    ['a map that is not there', { 'Fn::FindInMap': ['A', 'B', 'C'] }, 'Fn::FindInMap has no A.B.C'],
    ['a condition that is not there', { 'Fn::If': ['Never', 1, 2] }, 'there is no condition Never'],
    ['a list where text belongs', { 'Fn::Join': ['', [['a']]] }, 'Fn::Join needs text'],
  ])('%s is an error', (_, value, message) => {
    expect(() => resolve(value, scopeOf())).toThrow(message);
  });

  test('And and Or', () => {
    const yes = { 'Fn::Equals': ['a', 'a'] };
    const no = { 'Fn::Equals': ['a', 'b'] };
    const scope = scopeOf({
      Conditions: { All: { 'Fn::And': [yes, { Condition: 'Any' }] }, Any: { 'Fn::Or': [no, yes] }, None: { 'Fn::And': [yes, no] } },
    });

    expect(['All', 'Any', 'None'].map((name) => conditionHolds(name, scope))).toEqual([true, true, false]);
  });

  test('a parameter of Systems Manager is refused where it is used', () => {
    const type = 'AWS::SSM::Parameter::Value<String>';
    const scope = scopeOf({ Parameters: { BootstrapVersion: { Type: type, Default: '/cdk-bootstrap/version' } } });

    expect(() => resolve({ Ref: 'BootstrapVersion' }, scope)).toThrow('Systems Manager, which is not simulated');
  });
});

describe('parameters', () => {
  const Parameters = {
    Domain: { Type: 'String', AllowedPattern: '[a-z.]+', MinLength: 4, ConstraintDescription: 'a domain name' },
    Days: { Type: 'Number', Default: 7, MinValue: 1, MaxValue: 30 },
    Mode: { Type: 'String', Default: 'a', AllowedValues: ['a', 'b'] },
  };

  test('given values come before defaults', () => {
    const values = resolveParameters(read({ Parameters }), { Domain: 'example.com', Days: '8' });

    expect([...values]).toEqual([
      ['Domain', 'example.com'],
      ['Days', '8'],
      ['Mode', 'a'],
    ]);
  });

  test('every fault is told at once', () => {
    expect(() => resolveParameters(read({ Parameters }), { Days: '31', Mode: 'c', Colour: 'red' })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION_INVALID',
        message:
          'The template cannot be deployed here: Parameters: Colour is not a parameter of the template (it has Domain, Days, Mode); ' +
          'Domain has no default and no value was given; Days: the value 31 is above 30; Mode: “c” is none of a, b.',
      }),
    );
    expect(() => resolveParameters(read({ Parameters }), { Domain: 'Example' })).toThrow('does not match [a-z.]+ (a domain name)');
    expect(() => resolveParameters(read({ Parameters }), { Domain: 'a.b' })).toThrow('the length 3 is below 4');
    expect(() => resolveParameters(read({ Parameters }), { Domain: 'example.com', Days: 'x' })).toThrow('“x” is not a number');
  });
});

describe('the order', () => {
  const order = (Resources: object, Conditions = {}) => {
    const template = read({ Resources, Conditions });
    const scope = { ...scopeOf({ Conditions }), template };
    return creationOrder(template, ({ Condition }) => Condition === undefined || conditionHolds(Condition, scope), scope);
  };
  const resource = (Properties: object = {}, more: object = {}) => ({ Type: 'X::Y', Properties, ...more });

  test('each after what it refers to', () => {
    const resources = {
      A: resource({ b: { 'Fn::GetAtt': ['B', 'Arn'] }, s: { 'Fn::Sub': `x${hole('S.Arn')}y` } }),
      B: resource({ list: [{ Ref: 'C' }] }),
      C: resource({}, { DependsOn: 'D' }),
      D: resource(),
      S: resource(),
    };

    expect(order(resources)).toEqual(['D', 'C', 'B', 'S', 'A']);
  });

  test('a circle is told', () => {
    expect(() => order({ A: resource({ b: { Ref: 'B' } }), B: resource({ a: { Ref: 'A' } }) })).toThrow('circular dependency: A → B → A');
  });

  test('a dependency that is not there is told', () => {
    expect(() => order({ A: resource({}, { DependsOn: ['Z'] }) })).toThrow('A: it depends on Z, which is not in the template');
  });

  test('what its condition leaves out is left out', () => {
    const conditions = { Never: { 'Fn::Equals': ['a', 'b'] } };

    const result = order(
      { A: resource({ x: { 'Fn::If': ['Never', { Ref: 'B' }, 'y'] } }), B: resource({ a: { Ref: 'A' } }, { Condition: 'Never' }) },
      conditions,
    );

    expect(result).toEqual(['A']);
  });
});

test.each([
  ['an unknown section', { Transform: 'AWS::Serverless' }, 'Transform: this section is not simulated'],
  ['a resource without a type', { Resources: { A: {} } }, 'A: it has no Type'],
  [
    'a name given twice',
    { Parameters: { A: { Type: 'String' } }, Resources: { A: { Type: 'X::Y' } } },
    'A: a parameter and a resource have the same name',
  ],
  ['an unknown attribute', { Resources: { A: { Type: 'X::Y', CreationPolicy: {} } } }, 'A: the attribute CreationPolicy is not simulated'],
])('%s is refused', (_, template, message) => {
  expect(() => read(template)).toThrow(message);
});
