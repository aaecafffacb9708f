// What was decided by, in one word: the policy of an application and what is known of its user. Who decides by memory says so by it, and who reads
// anew sees whether it still holds.
import { digest } from '../keys.ts';
import type { Application, User } from './records.ts';

export const policyVersion = (
  { id, preAuthentication, access, conditions, tokens }: Pick<Application, 'id' | 'preAuthentication' | 'access' | 'conditions' | 'tokens'>,
  user: User | null,
): string => digest(JSON.stringify([id, preAuthentication, access, conditions, tokens, user], inOrder));

/** A table gives an item's attributes in whatever order. */
const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
