// The three tables: registry (connectors, tunnels, enrolment codes), directory (applications), sessions (sign-ins, one-time codes).
// They outlive the stack, and a later one can go on with them: a sign-in can be made again, an enrolled connector only on its own premises.
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { AwsSettings } from '../../tenants/aws.ts';

/** The index of sessions by the portal session that they came from. */
export const BY_PARENT = 'by-parent';

/** The kinds of items in registry and sessions, by their partition keys (lambdas/stores). */
export const PARTITIONS = {
  connector: 'connector',
  tunnel: 'group#*',
  dial: 'dial#*',
  enrolmentCode: 'enrolment#*',
  serviceToken: 'service-tokens',
  attempts: 'limit#*',
  credentials: 'credentials#*',
  session: 'session#*',
  socketsAt: 'session#at#*',
  sessionHandle: 'handle#*',
  signInCode: 'code#*',
  usedAssertion: 'assertion#*',
  socketTicket: 'ticket#*',
} as const;

const text = (name: string) => ({ name, type: AttributeType.STRING });

export interface StorageProps {
  readonly aws: AwsSettings;
  /** The tenant's own; null: AWS's. */
  readonly key: IKey | null;
}

export class Tables extends Construct {
  readonly registry: ITable;
  readonly directory: ITable;
  readonly sessions: ITable;

  constructor(scope: Construct, id: string, { aws, key }: StorageProps) {
    super(scope, id);
    const adopted = (id: string, tableName: string) =>
      Table.fromTableAttributes(this, id, { tableName, ...(key && { encryptionKey: key }) });
    const made = (id: string) =>
      new Table(this, id, {
        partitionKey: text('pk'),
        sortKey: text('sk'),
        billingMode: BillingMode.PAY_PER_REQUEST,
        timeToLiveAttribute: 'expiresAtSeconds',
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: aws.deletionProtection,
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        ...(key && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
      });
    if (aws.adopt) {
      this.registry = adopted('Registry', aws.adopt.registryTable);
      this.directory = adopted('Directory', aws.adopt.directoryTable);
      this.sessions = adopted('Sessions', aws.adopt.sessionsTable);
      return;
    }
    this.registry = made('Registry');
    this.directory = made('Directory');
    const sessions = made('Sessions');
    sessions.addGlobalSecondaryIndex({
      indexName: BY_PARENT,
      partitionKey: text('parent'),
      sortKey: text('pk'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.sessions = sessions;
  }
}
