// What the stack takes of the account that it is deployed to, and goes on with from an earlier deployment: `aws` of the tenant file.
import { z } from 'zod';
import { type LocatedFault, pathText, shown } from './faults.ts';
import { NOTHING_SAID, optional, readFlag, setting } from './settings.ts';

/** What an earlier deployment left, which this one goes on with instead of making its own. The tables are of no use without the keys. */
export interface Adopted {
  readonly registryTable: string;
  readonly directoryTable: string;
  readonly sessionsTable: string;
  readonly masterKeySecretArn: string;
  readonly assertionSecretArn: string;
  readonly samlSecretArn: string;
  /** Null: there was none, or a new one is made. */
  readonly userPoolId: string | null;
}

export interface AwsSettings {
  /** Whether tables and user pool refuse to be deleted, by whomever. */
  readonly deletionProtection: boolean;
  /** Encrypts tables, secrets and logs; null: keys that AWS owns or manages. */
  readonly kmsKeyArn: string | null;
  /** A web ACL of AWS WAF before users' requests; null: none. */
  readonly webAclArn: string | null;
  readonly accessLogs: boolean;
  readonly adopt?: Adopted;
}

const readPattern = (pattern: RegExp) => (value: unknown) => (typeof value === 'string' && pattern.test(value) ? value : undefined);

const arn = (service: string, resource: string) =>
  readPattern(new RegExp(`^arn:aws[a-z-]{0,20}:${service}:[a-z]{2}(?:-[a-z]{1,20}){1,3}-\\d:\\d{12}:${resource}$`));
const readSecretArn = arn('secretsmanager', 'secret:[\\w/+=.@-]{1,512}-\\w{6}');
const readTable = readPattern(/^[\w.-]{3,255}$/);

const LEFT = 'Take it from the output Kept of the deployment that left it.';
const table = () => setting('the name of a table of DynamoDB', LEFT, readTable);
const secret = () => setting('the whole ARN of a secret of Secrets Manager', LEFT, readSecretArn);

const adoptSettings = z.strictObject(
  {
    registryTable: table(),
    directoryTable: table(),
    sessionsTable: table(),
    masterKeySecretArn: secret(),
    assertionSecretArn: secret(),
    samlSecretArn: secret(),
    userPoolId: optional<string | null>(
      null,
      'the id of a user pool of Amazon Cognito',
      LEFT,
      readPattern(/^[a-z]{2}(?:-[a-z]{1,20}){1,3}-\d_\w{1,40}$/),
    ),
  },
  { error: 'a map with the three tables and the three secrets' },
);

export const awsSettings = z
  .strictObject(
    {
      deletionProtection: optional(false, 'true or false', 'Write true once the first deployment stands.', readFlag),
      kmsKeyArn: optional<string | null>(
        null,
        'the ARN of a key of AWS KMS',
        'Write arn:aws:kms:REGION:ACCOUNT:key/ID: an alias will not do. Or leave it out.',
        arn('kms', 'key/[\\w-]{1,64}'),
      ),
      webAclArn: optional<string | null>(
        null,
        'the ARN of a regional web ACL of AWS WAF',
        'Write arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID, or leave it out.',
        arn('wafv2', 'regional/webacl/[\\w-]{1,128}/[\\w-]{1,64}'),
      ),
      accessLogs: optional(false, 'true or false', 'Write true where API Gateway is to log each request as well.', readFlag),
      adopt: adoptSettings.optional(),
    },
    { error: 'a map with deletionProtection, kmsKeyArn, webAclArn, accessLogs and adopt' },
  )
  .prefault(NOTHING_SAID);

interface Described {
  readonly region?: string;
  readonly identityProviders?: readonly unknown[];
  readonly aws: AwsSettings;
}

/** Resources of another region than the stack's, and a user pool to go on with where users sign in elsewhere. */
export const awsFaults = ({ region, identityProviders = [], aws }: Described): LocatedFault[] => {
  const { adopt } = aws;
  const regionsIn = (settings: object, at: readonly string[]) =>
    Object.entries(settings).flatMap(([name, value]) => {
      const [, place] = /^arn:[^:]+:[^:]+:([^:]+):/.exec(String(value)) ?? [];
      return place === undefined ? [] : [{ at: [...at, name], place }];
    });
  const named = [...regionsIn(aws, ['aws']), ...regionsIn(adopt ?? {}, ['aws', 'adopt'])];
  const home = region ?? named[0]?.place;
  const elsewhere = named
    .filter(({ place }) => place !== home)
    .map(({ at, place }) => ({
      ...{ at, path: pathText(at), expected: `a resource of ${home}, as all of the stack is`, got: shown(place) },
      advice: 'AWS lets a stack use keys, web ACLs, tables and secrets of its own region only.',
    }));
  const at = ['aws', 'adopt', 'userPoolId'];
  const idle = {
    ...{ at, path: pathText(at), expected: 'no user pool, because there are identityProviders', got: shown(adopt?.userPoolId) },
    advice: 'Leave it out, or leave the identity providers out.',
  };
  return [...elsewhere, ...(adopt?.userPoolId && identityProviders.length > 0 ? [idle] : [])];
};
