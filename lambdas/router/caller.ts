// Who asks, and how it is known: what the policy decides on.
import type { Way } from '../../policy/requirements.ts';
import type { User } from '../stores/records.ts';

export interface Caller {
  readonly user: User;
  readonly by: Way;
  /** Names the session or token: what is kept for it alone goes by this. */
  readonly handle: string;
  /** The provider's token that a program came with; null for browsers, and for service tokens of ours. */
  readonly token: string | null;
  readonly mfa: boolean;
  /** When the identity provider last asked the user to show who they are; null when it is not known. */
  readonly authenticatedAt: number | null;
  /** When its session or token ends, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Null for a program with a token. */
  readonly session: { readonly id: string; readonly parent: string } | null;
  /**
   * Keeps up with its session: that it is `used`, and further what has its time. Resolves when that is done; fails never, since nothing of
   * it is worth a user's answer.
   */
  readonly keepUp: (used: boolean) => Promise<void>;
  /** Asks anew who it is, for answers that take long; null: its session or token holds no more. Throws when it cannot be known. */
  readonly userNow: () => Promise<User | null>;
}
