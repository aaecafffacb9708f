// Resource types that change nothing here: alarms nobody rings, names that need no server, metadata. All others are refused
// unless a service knows them.
import { arn } from '../account.ts';
import type { CreatedResource, ResourceRequest, ResourceTypes } from '../services.ts';
import { physicalName } from './physical-name.ts';

type Describe = (request: ResourceRequest) => CreatedResource;

const nothing: Describe = ({ logicalId }) => ({ ref: logicalId, attributes: { Id: logicalId } });

const named =
  (property: string, service: string, prefix: string): Describe =>
  (request) => {
    const name = physicalName(request, request.properties[property], 255);
    return { ref: name, attributes: { Arn: arn(service, `${prefix}${name}`) } };
  };

const DESCRIBE: Readonly<Record<string, Describe>> = {
  'AWS::CDK::Metadata': nothing,
  'AWS::CloudFormation::WaitConditionHandle': nothing,
  'AWS::CloudWatch::Alarm': named('AlarmName', 'cloudwatch', 'alarm:'),
  'AWS::CloudWatch::CompositeAlarm': named('AlarmName', 'cloudwatch', 'alarm:'),
  'AWS::CloudWatch::Dashboard': named('DashboardName', 'cloudwatch', 'dashboard/'),
  'AWS::Logs::MetricFilter': nothing,
  'AWS::Logs::QueryDefinition': nothing,
  // Differs from AWS: nobody publishes to a topic, since no alarm rings.
  'AWS::SNS::Topic': (request) => {
    const name = physicalName(request, request.properties.TopicName, 256);
    return { ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
  },
  'AWS::SNS::TopicPolicy': nothing,
  'AWS::SNS::Subscription': nothing,
  // Differs from AWS: a certificate is issued at once; there is no validation.
  'AWS::CertificateManager::Certificate': ({ logicalId }) => ({ ref: arn('acm', `certificate/${logicalId}`) }),
  // Differs from AWS: no firewall stands before anything here.
  'AWS::WAFv2::WebACLAssociation': nothing,
  // Differs from AWS: names under *.localhost lead to this machine by themselves (RFC 6761, 6.3).
  'AWS::Route53::RecordSet': ({ properties }) => ({ ref: String(properties.Name) }),
  'AWS::Route53::RecordSetGroup': nothing,
};

export const inertTypes: ResourceTypes = Object.fromEntries(
  Object.entries(DESCRIBE).map(([type, describe]) => [type, async (request: ResourceRequest) => describe(request)]),
);
