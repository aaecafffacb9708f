// The one way to make a function: bundled from lambdas/<folder>/handler.ts, with a role of its own that may do nothing but
// write its log, and an environment that is exactly what the folder's environment.ts names. Each bind… sets a name and its grant together.
import { Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { functionCode } from './function-code.ts';
import { keepLog } from './monitoring/log-group.ts';
import { PARTITIONS } from './storage/tables.ts';

/** Scan is none for `bindItems`: it names no partition. */
export type TableAction = 'GetItem' | 'Query' | 'Scan' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

const KEY_READS = ['kms:Decrypt', 'kms:DescribeKey'];
const KEY_WRITES = ['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'];

export interface ProxyFunctionProps<Name extends string> {
  /** Below lambdas/. */
  readonly folder: string;
  /** What the folder's environment.ts names. */
  readonly environment: readonly Name[];
  readonly description: string;
  readonly timeout: Duration;
  /** Megabytes; the share of a processor grows with it. @default 256 */
  readonly memory?: number;
}

export class ProxyFunction<Name extends string> extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly #unset: Set<Name>;
  /** What it may do by the tenant's key, by the service that uses the key for it. */
  readonly #keyed = new Map<string, PolicyStatement>();

  constructor(scope: Construct, id: string, { folder, environment, description, timeout, memory = 256 }: ProxyFunctionProps<Name>) {
    super(scope, id);
    this.#unset = new Set(environment);
    this.logGroup = keepLog(this, 'Log');
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn);

    this.function = new LambdaFunction(this, 'Function', {
      // With the SDK inside: the runtime's own copy changes under us.
      code: functionCode(folder),
      handler: 'index.handler',
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memory,
      timeout,
      role: this.role,
      logGroup: this.logGroup,
    });
    this.node.addValidation({
      validate: () => [...this.#unset].map((name) => `lambdas/${folder}/environment.ts names ${name}, which lib/ does not set.`),
    });
  }

  set(name: Name, value: string): void {
    this.function.addEnvironment(name, value);
    this.#unset.delete(name);
  }

  /** The function may do exactly these to the table's items. */
  bindTable(name: Name, table: ITable, ...actions: readonly TableAction[]): void {
    this.set(name, table.tableName);
    this.allow(
      actions.map((action) => `dynamodb:${action}`),
      table.tableArn,
    );
    this.#unlockTable(table, actions);
  }

  /** The function may do exactly these to the table's items of a kind, and nothing to any other. */
  bindItems(name: Name, table: ITable, grants: Readonly<Partial<Record<keyof typeof PARTITIONS, readonly TableAction[]>>>): void {
    this.set(name, table.tableName);
    for (const [kind, actions] of Object.entries(grants)) {
      this.allow(
        actions.map((action) => `dynamodb:${action}`),
        table.tableArn,
        { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [PARTITIONS[kind as keyof typeof PARTITIONS]] } },
      );
    }
    this.#unlockTable(table, Object.values(grants).flat());
  }

  /** The function may read the secret's value. */
  bindSecret(name: Name, secret: ISecret): void {
    this.set(name, secret.secretArn);
    this.#allowRead(secret);
  }

  /** The function may read each secret's value; the environment maps names to ARNs (JSON). */
  bindSecrets(name: Name, secrets: ReadonlyMap<string, ISecret>): void {
    const arns = Object.fromEntries([...secrets].map(([of, secret]) => [of, secret.secretArn]));
    this.set(name, Stack.of(this).toJsonString(arns));
    for (const secret of secrets.values()) this.#allowRead(secret);
  }

  /** The function may write the value of a secret that it may read. */
  allowWrite(secret: ISecret): void {
    this.allow(['secretsmanager:PutSecretValue'], secret.secretArn);
    this.#unlock(secret.encryptionKey, 'secretsmanager', KEY_WRITES);
  }

  #allowRead(secret: ISecret): void {
    this.allow(['secretsmanager:GetSecretValue'], secret.secretArn);
    this.#unlock(secret.encryptionKey, 'secretsmanager', KEY_READS);
  }

  #unlockTable(table: ITable, actions: readonly TableAction[]): void {
    const reads = actions.every((action) => action === 'GetItem' || action === 'Query' || action === 'Scan');
    this.#unlock(table.encryptionKey, 'dynamodb', reads ? KEY_READS : [...KEY_READS, ...KEY_WRITES]);
  }

  /** AWS asks whoever reads or writes what a key of the tenant's encrypts for that key as well; through the service only. */
  #unlock(key: IKey | undefined, service: string, actions: readonly string[]): void {
    if (key === undefined) return;
    let statement = this.#keyed.get(service);
    if (statement === undefined) {
      const { region, urlSuffix } = Stack.of(this);
      const conditions = { StringEquals: { 'kms:ViaService': `${service}.${region}.${urlSuffix}` } };
      statement = new PolicyStatement({ effect: Effect.ALLOW, resources: [key.keyArn], conditions });
      this.role.addToPrincipalPolicy(statement);
      this.#keyed.set(service, statement);
    }
    statement.addActions(...actions);
  }

  /** The function may search what another one logs. */
  bindLog(name: Name, logGroup: ILogGroup): void {
    this.set(name, logGroup.logGroupName);
    this.allow(['logs:FilterLogEvents'], logGroup.logGroupArn);
  }

  allow(actions: readonly string[], resource: string, conditions?: Readonly<Record<string, unknown>>): void {
    this.role.addToPrincipalPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource], conditions }));
  }
}

/** Longer than any integration of an HTTP or WebSocket API waits (29 s) would be time that nobody sees. */
export const API_TIMEOUT = Duration.seconds(25);
