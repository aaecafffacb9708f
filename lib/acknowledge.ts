// A finding of the security rules (cdk-nag) that is meant so, with the reason. Stands beside what it is about; a test lists what is left.
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason });
