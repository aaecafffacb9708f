import { expect, test } from '@jest/globals';
import { exampleTemplate, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate();
const { Conditions } = template.toJSON() as { Conditions: Record<string, unknown> };

test('with a hosted zone, all names are alias records in it', () => {
  const records = Object.values(resourcesOf(template, 'AWS::Route53::RecordSet'));

  expect(records.map(({ Properties }) => Properties.Name).sort()).toEqual([
    '*.apps.example.com',
    'people.example.com',
    'portal.example.com',
  ]);
  for (const { Properties, Condition } of records) {
    expect(Properties).toMatchObject({ Type: 'A', HostedZoneId: { Ref: 'HostedZoneId' } });
    expect(Conditions[Condition!]).toEqual({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'HostedZoneId' }, ''] }] });
  }
});

test('without one, the outputs say what to create', () => {
  const { Condition, Value } = template.findOutputs('DnsRecordApplications').DnsRecordApplications as { Condition: string; Value: unknown };

  expect(JSON.stringify(Value)).toContain('*.apps.example.com CNAME ');
  expect(Conditions[Condition]).toEqual({ 'Fn::Equals': [{ Ref: 'HostedZoneId' }, ''] });
  expect(JSON.stringify(template.findOutputs('DnsRecordAlternate1'))).toContain('people.example.com CNAME ');
});
