// The Security Token Service: AssumeRole and GetCallerIdentity. Other operations are refused.
import { ACCOUNT_ID } from '../account.ts';
import { type AwsService, queryProtocol } from '../aws-protocols.ts';
import type { IamService } from '../iam/iam.ts';
import { AwsError, type Meter } from '../services.ts';
import { assumeRole } from './assume-role.ts';

export interface StsDependencies {
  readonly iam: IamService;
  readonly meter: Meter;
}

export const createSts = ({ iam, meter }: StsDependencies): AwsService => ({
  scope: 'sts',
  protocol: queryProtocol('https://sts.amazonaws.com/doc/2011-06-15/'),
  answer: async ({ action, input, principal }) => {
    meter.add('sts-calls', 1, { action });
    switch (action) {
      case 'AssumeRole':
        return assumeRole(iam, principal, input);
      // "No permissions are required to perform this operation."
      case 'GetCallerIdentity': {
        const { arn, userId } = iam.identify(principal);
        return { Arn: arn, UserId: userId, Account: ACCOUNT_ID };
      }
      default:
        throw new AwsError(400, 'InvalidAction', `Could not find operation ${action}: the simulator has AssumeRole and GetCallerIdentity.`);
    }
  },
});
