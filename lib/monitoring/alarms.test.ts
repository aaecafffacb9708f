import { expect, test } from '@jest/globals';
import { exampleTemplate, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate();
const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

test('an administrator is told of failing routers, throttled routers and missing connectors', () => {
  expect(alarms.map(({ MetricName }) => MetricName).sort()).toEqual(['Errors', 'NoConnector', 'Throttles']);
  for (const alarm of alarms) {
    expect(alarm).toMatchObject({ TreatMissingData: 'notBreaching', AlarmDescription: expect.stringContaining('docs/operations.md') });
    expect(alarm.AlarmActions).toEqual({ 'Fn::If': [expect.any(String), [{ Ref: 'AlarmTopicArn' }], { Ref: 'AWS::NoValue' }] });
  }
});

test('missing connectors are counted in the router’s log, by their code', () => {
  template.hasResourceProperties('AWS::Logs::MetricFilter', {
    FilterPattern: '{ $.code = "ERR_NO_CONNECTOR" }',
    MetricTransformations: [{ MetricNamespace: 'Sallyport/example', MetricName: 'NoConnector', MetricValue: '1' }],
  });
});
