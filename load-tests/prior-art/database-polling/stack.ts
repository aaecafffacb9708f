// The product's stack with a table for answers: connectors write to it, routers read from it.
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { TenantStack } from '../../../lib/tenant-stack.ts';
import { partsOf, runInstead } from '../tenant.ts';
import { KEYS } from './answer-item.ts';

/** `router`: the folder of the router's bundle. */
export const addAnswersTable = (stack: TenantStack, router: string): void => {
  const parts = partsOf(stack);
  const table = new Table(stack, 'Answers', {
    partitionKey: { name: KEYS.exchange, type: AttributeType.STRING },
    sortKey: { name: KEYS.number, type: AttributeType.NUMBER },
    timeToLiveAttribute: KEYS.expires,
    billingMode: BillingMode.PAY_PER_REQUEST,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const address = `https://dynamodb.${stack.region}.amazonaws.com/${table.tableName}`;

  runInstead(parts.router, router);
  parts.router.set('REPLY_API_URL', address);
  parts.router.allow(['dynamodb:Query'], table.tableArn);
  parts.tunnels.set('REPLY_API_ENDPOINT', address);
  parts.replyRole.addToPolicy(new PolicyStatement({ actions: ['dynamodb:PutItem'], resources: [table.tableArn] }));
};
