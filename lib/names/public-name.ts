// The tenant's public names: records in its hosted zone when it gave one, otherwise outputs that list what to create.
import { CfnCondition, CfnOutput, Fn } from 'aws-cdk-lib';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';

export interface PublicName {
  /** `portal.example.com`, `*.apps.example.com` */
  readonly name: string;
  /** The output that lists it is called `DnsRecord` and this. */
  readonly output: string;
  /** API Gateway's own name for it. */
  readonly target: string;
  /** The hosted zone of that, for alias records. */
  readonly targetZone: string;
}

export interface PublicNamesProps {
  /** Empty: the tenant keeps its names elsewhere. */
  readonly hostedZoneId: string;
  readonly names: readonly PublicName[];
}

export class PublicNames extends Construct {
  constructor(scope: Construct, id: string, { hostedZoneId, names }: PublicNamesProps) {
    super(scope, id);
    const unset = Fn.conditionEquals(hostedZoneId, '');
    const isHosted = new CfnCondition(this, 'IsHosted', { expression: Fn.conditionNot(unset) });
    const isElsewhere = new CfnCondition(this, 'IsElsewhere', { expression: unset });

    for (const { name, output: id, target, targetZone } of names) {
      const record = new CfnRecordSet(this, `Record ${name}`, {
        hostedZoneId,
        name,
        type: 'A',
        aliasTarget: { dnsName: target, hostedZoneId: targetZone },
      });
      record.cfnOptions.condition = isHosted;
      const output = new CfnOutput(this, `Output ${name}`, {
        value: `${name} CNAME ${target}`,
        description: 'Create this DNS record',
        condition: isElsewhere,
      });
      output.overrideLogicalId(`DnsRecord${id}`);
    }
  }
}
