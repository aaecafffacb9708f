// The three tables: registry (connectors, tunnels, enrolment codes), directory (applications), sessions (sign-ins, one-time codes).
// They outlive the stack: a sign-in can be made again, an enrolled connector only on its own premises.
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

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
  sessionHandle: 'handle#*',
  signInCode: 'code#*',
  usedAssertion: 'assertion#*',
  socketTicket: 'ticket#*',
} as const;

const text = (name: string) => ({ name, type: AttributeType.STRING });

export class Tables extends Construct {
  readonly registry = this.#table('Registry');
  readonly directory = this.#table('Directory');
  readonly sessions = this.#table('Sessions');

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.sessions.addGlobalSecondaryIndex({
      indexName: BY_PARENT,
      partitionKey: text('parent'),
      sortKey: text('pk'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  #table(id: string): Table {
    return new Table(this, id, {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAtSeconds',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
