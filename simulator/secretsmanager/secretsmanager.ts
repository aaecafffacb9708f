// Secrets Manager: secrets of the template, read and replaced. Nothing is encrypted here: it all lives in memory.
import { randomBytes, randomUUID } from 'node:crypto';
import { arn } from '../account.ts';
import { type AwsService, jsonProtocol } from '../aws-protocols.ts';
import { physicalName } from '../cloudformation/physical-name.ts';
import { allowOnly } from '../cloudformation/properties.ts';
import { isRecord } from '../iam/conditions.ts';
import { useKey } from '../iam/use-key.ts';
import { QUOTAS } from '../quotas.ts';
import { AwsError, type Clock, type Iam, type Meter, type ResourceTypes } from '../services.ts';
import { generateSecretString } from './generate-secret.ts';

export interface SecretsManagerDependencies {
  readonly iam: Pick<Iam, 'authorize'>;
  readonly meter: Meter;
  readonly clock: Clock;
}

export interface SecretsManager {
  readonly service: AwsService;
  readonly resources: ResourceTypes;
}

interface Version {
  readonly id: string;
  readonly text?: string;
  /** Base64, as it goes over the wire. */
  readonly binary?: string;
  readonly createdAt: number;
  stages: readonly string[];
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  /** Null: the key that AWS manages. */
  readonly keyArn: string | null;
  readonly createdAt: number;
  changedAt: number;
  readonly versions: Map<string, Version>;
}

type Input = Readonly<Record<string, unknown>>;
const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

export const createSecretsManager = ({ iam, meter, clock }: SecretsManagerDependencies): SecretsManager => {
  const secrets = new Map<string, Secret>();

  /** By full ARN, name, or ARN without the six characters of chance. */
  const find = (id: string): Secret | undefined =>
    [...secrets.values()].find((secret) => id === secret.arn || id === secret.name || id === secret.arn.slice(0, -7));

  const actions: Readonly<Record<string, (secret: Secret, input: Input) => object>> = {
    GetSecretValue: (secret, input) => {
      const version = findVersion(secret, input);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.text,
        SecretBinary: version.binary,
        VersionStages: version.stages,
        CreatedDate: version.createdAt / 1000,
      };
    },
    PutSecretValue: (secret, input) => {
      const version = addVersion(secret, input, clock.now());
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages };
    },
    DescribeSecret: (secret) => ({
      ARN: secret.arn,
      Name: secret.name,
      Description: secret.description,
      CreatedDate: secret.createdAt / 1000,
      LastChangedDate: secret.changedAt / 1000,
      VersionIdsToStages: Object.fromEntries([...secret.versions.values()].map(({ id, stages }) => [id, stages])),
    }),
  };

  return {
    service: {
      scope: 'secretsmanager',
      protocol: jsonProtocol('1.1'),
      answer: async ({ action, input, principal }) => {
        meter.add('secrets-calls', 1, { action });
        const act = actions[action];
        if (!act)
          throw new AwsError(400, 'UnknownOperationException', `The simulator has ${Object.keys(actions).join(', ')}, not ${action}.`);
        const { SecretId: id } = input;
        if (typeof id !== 'string' || id === '') throw new AwsError(400, 'ValidationException', 'SecretId is required.');
        const secret = find(id);
        iam.authorize(
          principal,
          `secretsmanager:${action}`,
          secret?.arn ?? (id.startsWith('arn:') ? id : arn('secretsmanager', `secret:${id}`)),
        );
        if (!secret) throw notFound('secret.');
        if (action !== 'DescribeSecret')
          useKey(iam, principal, { keyArn: secret.keyArn, service: 'secretsmanager', writes: action === 'PutSecretValue' });
        return act(secret, input);
      },
    },
    resources: {
      'AWS::SecretsManager::Secret': async (request) => {
        allowOnly(request, ['Name', 'Description', 'GenerateSecretString', 'SecretString', 'KmsKeyId', 'Tags']);
        const { properties } = request;
        const name = physicalName(request, properties.Name, 512);
        if (find(name)) throw new Error(`the secret ${name} exists already`);
        const suffix = randomBytes(6).toString('base64url').replace(/[-_]/g, 'x').slice(0, 6);
        const secret: Secret = {
          name,
          arn: arn('secretsmanager', `secret:${name}-${suffix}`),
          description: String(properties.Description ?? ''),
          keyArn: typeof properties.KmsKeyId === 'string' ? properties.KmsKeyId : null,
          createdAt: clock.now(),
          changedAt: clock.now(),
          versions: new Map(),
        };
        const { GenerateSecretString: generate, SecretString: text } = properties;
        if (generate !== undefined && text !== undefined) throw new Error('GenerateSecretString and SecretString exclude each other');
        if (isRecord(generate)) addVersion(secret, { SecretString: generateSecretString(generate) }, clock.now());
        else if (typeof text === 'string') addVersion(secret, { SecretString: text }, clock.now());
        secrets.set(secret.arn, secret);
        return { ref: secret.arn, attributes: { Id: secret.arn } };
      },
    },
  };
};

const notFound = (what: string) => new AwsError(400, 'ResourceNotFoundException', `Secrets Manager can't find the specified ${what}`);

const findVersion = (secret: Secret, { VersionId: id, VersionStage: stage }: Input): Version => {
  const label = stage ?? (id === undefined ? CURRENT : undefined);
  const found = [...secret.versions.values()].find(
    (version) => (id === undefined || version.id === id) && (label === undefined || version.stages.includes(String(label))),
  );
  if (found) return found;
  throw notFound(label === undefined ? `secret value for VersionId: ${id}` : `secret value for staging label: ${label}`);
};

const addVersion = (secret: Secret, input: Input, now: number): Version => {
  const { SecretString: text, SecretBinary: binary, ClientRequestToken: id = randomUUID(), VersionStages: stages = [CURRENT] } = input;
  if ((typeof text === 'string') === (typeof binary === 'string')) {
    throw new AwsError(400, 'InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
  }
  const size = typeof text === 'string' ? Buffer.byteLength(text) : Buffer.byteLength(String(binary), 'base64');
  if (size < 1 || size > QUOTAS.secretsmanager.secretMaxBytes) {
    throw new AwsError(400, 'ValidationException', `The secret value must have 1 to ${QUOTAS.secretsmanager.secretMaxBytes} bytes.`);
  }
  const known = secret.versions.get(String(id));
  if (known) {
    // The same request again is no change; another value under its token is refused.
    if (known.text === text && known.binary === binary) return known;
    throw new AwsError(
      400,
      'ResourceExistsException',
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const labels = (stages as unknown[]).map(String);
  for (const version of secret.versions.values()) {
    if (labels.includes(CURRENT) && version.stages.includes(PREVIOUS))
      version.stages = version.stages.filter((label) => label !== PREVIOUS);
    if (labels.includes(CURRENT) && version.stages.includes(CURRENT)) version.stages = [...version.stages, PREVIOUS];
    version.stages = version.stages.filter((label) => !labels.includes(label));
  }
  const version: Version = {
    id: String(id),
    ...(typeof text === 'string' ? { text } : { binary: String(binary) }),
    createdAt: now,
    stages: labels,
  };
  secret.versions.set(version.id, version);
  secret.changedAt = now;
  return version;
};
