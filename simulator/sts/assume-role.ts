// AssumeRole: short-lived credentials of a role, bounded by a session policy when one is given (STS API Reference).

import type { IamService } from '../iam/iam.ts';
import { readPolicy, type Statement } from '../iam/policy-document.ts';
import { QUOTAS } from '../quotas.ts';
import { AwsError, type Principal } from '../services.ts';

const KNOWN = ['Action', 'Version', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy', 'ExternalId'];

const invalid = (message: string) => new AwsError(400, 'ValidationError', message);

export const assumeRole = (iam: IamService, caller: Principal, input: Readonly<Record<string, unknown>>): object => {
  const unknown = Object.keys(input).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) throw invalid(`The simulator's AssumeRole does not know ${unknown.join(', ')}.`);
  const { RoleArn: roleArn = '', RoleSessionName: sessionName = '', ExternalId: externalId } = input as Record<string, string | undefined>;
  if (!/^arn:aws:iam::\d{12}:role\/.+$/.test(roleArn)) throw invalid(`${roleArn} is invalid`);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw invalid(
      `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}`,
    );
  }
  const durationSeconds = readDuration(input.DurationSeconds);
  const sessionPolicy = readSessionPolicy(input.Policy);
  // Before the trust policy is asked, AWS does not tell how long a role allows.
  const role = iam.findRole(roleArn);
  const session = iam.assumeRole(caller, {
    roleArn,
    sessionName,
    durationSeconds,
    sessionPolicy,
    ...(externalId === undefined ? {} : { externalId }),
  });
  if (role && durationSeconds > role.maxSessionSeconds) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  if (iam.identify(caller).role && durationSeconds > QUOTAS.sts.chainedMaxSeconds) {
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  const { keys, arn, userId } = session;
  return {
    Credentials: {
      AccessKeyId: keys.accessKeyId,
      SecretAccessKey: keys.secretAccessKey,
      SessionToken: keys.sessionToken,
      Expiration: new Date(keys.expiresAt ?? 0).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
    AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
    // Differs from AWS: the share of the packed size is that of the plain text.
    PackedPolicySize:
      typeof input.Policy === 'string' ? Math.ceil((input.Policy.length / QUOTAS.sts.sessionPolicyMaxCharacters) * 100) : undefined,
  };
};

const readDuration = (given: unknown): number => {
  const { durationDefaultSeconds, durationMinSeconds, durationMaxSeconds } = QUOTAS.sts;
  if (given === undefined) return durationDefaultSeconds;
  const seconds = Number(given);
  if (Number.isInteger(seconds) && seconds >= durationMinSeconds && seconds <= durationMaxSeconds) return seconds;
  const relation =
    seconds < durationMinSeconds ? `greater than or equal to ${durationMinSeconds}` : `less than or equal to ${durationMaxSeconds}`;
  throw invalid(
    `1 validation error detected: Value '${given}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${relation}`,
  );
};

const readSessionPolicy = (given: unknown): readonly Statement[] | null => {
  if (typeof given !== 'string') return null;
  const { sessionPolicyMaxCharacters: max } = QUOTAS.sts;
  if (given.length > max) {
    throw invalid(
      `1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
  }
  try {
    return readPolicy(JSON.parse(given), 'session policy', 'session');
  } catch (error) {
    throw new AwsError(400, 'MalformedPolicyDocument', error instanceof Error ? error.message : String(error));
  }
};
