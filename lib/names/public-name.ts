// The tenant's public names: records in its hosted zone when it gave one, otherwise outputs that list what to create.
import { CfnCondition, CfnOutput, Fn } from 'aws-cdk-lib';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';

export interface PublicName {
  /** `portal.example.com`, `*.apps.example.com` */
  readonly name: string;
  /** API Gateway's own name for it. */
  readonly target: string;
  /** The hosted zone of that, for alias records. */
  readonly targetZone: string;
}

export interface PublicNamesProps {
  /** Empty: the tenant keeps its names elsewhere. */
  readonly hostedZoneId: string;
  /** By the id of what they stand for. */
  readonly names: Readonly<Record<string, PublicName>>;
}

export class PublicNames extends Construct {
  constructor(scope: Construct, id: string, { hostedZoneId, names }: PublicNamesProps) {
    super(scope, id);
    const unset = Fn.conditionEquals(hostedZoneId, '');
    const isHosted = new CfnCondition(this, 'IsHosted', { expression: Fn.conditionNot(unset) });
    const isElsewhere = new CfnCondition(this, 'IsElsewhere', { expression: unset });

    for (const [purpose, { name, target, targetZone }] of Object.entries(names)) {
      const record = new CfnRecordSet(this, `${purpose}Record`, {
        hostedZoneId,
        name,
        type: 'A',
        aliasTarget: { dnsName: target, hostedZoneId: targetZone },
      });
      record.cfnOptions.condition = isHosted;
      const output = new CfnOutput(this, `${purpose}DnsRecord`, {
        value: `${name} CNAME ${target}`,
        description: 'Create this DNS record',
        condition: isElsewhere,
      });
      output.overrideLogicalId(`DnsRecord${purpose}`);
    }
  }
}
