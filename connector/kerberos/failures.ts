// What libgssapi says, as a code of ours and a sentence that an administrator can act on. It is told by its texts, since the numbers
// that pass through SPNEGO are the library's own; they are English, for Node sets no locale.
import { type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { Failure, Negotiate } from './messages.ts';

type Asked = Pick<Negotiate, 'account' | 'user' | 'target'>;

interface Kind {
  readonly says: RegExp;
  /** Only when this was asked for. */
  readonly call?: string;
  readonly code: ErrorCode;
  readonly message: (asked: Asked, failure: Failure) => string;
}

const DOCTOR = '`connector doctor kerberos` tells more.';

const KINDS: readonly Kind[] = [
  {
    says: /Cannot find KDC|Realm not local to KDC/,
    code: 'ERR_KERBEROS_REALM',
    message: ({ account, user, target }) =>
      `No domain controller is known for a realm of ${account.principal}, ${user} or ${target}. Name it with --kerberos-kdcs, or correct the realm.`,
  },
  {
    says: /Cannot contact any KDC|Cannot resolve|timed out|unreachable|[Cc]onnection refused/,
    code: 'ERR_KERBEROS_KDC',
    message: ({ account }) =>
      `No domain controller answers for ${account.principal}. Check port 88 of those that --kerberos-kdcs or DNS name.`,
  },
  {
    says: /Clock skew|not yet valid/,
    code: 'ERR_KERBEROS_CLOCK',
    message: () => 'The clocks of this machine and of the domain controllers differ by more than Kerberos allows: synchronise them (NTP).',
  },
  {
    call: 'acquire',
    says: /Client .*not found/,
    code: 'ERR_KERBEROS_CREDENTIALS',
    message: ({ account }) => `The domain does not know ${account.principal}: take a keytab of an account that it has.`,
  },
  {
    call: 'acquire',
    says: /credentials have been revoked|policy rejects/,
    code: 'ERR_KERBEROS_CREDENTIALS',
    message: ({ account }) => `The connector’s account ${account.principal} is disabled or locked.`,
  },
  {
    call: 'acquire',
    says: /expired/i,
    code: 'ERR_KERBEROS_CREDENTIALS',
    message: ({ account }) => `The password or the ticket of ${account.principal} has expired.`,
  },
  {
    call: 'acquire',
    says: /Preauthentication failed|Password incorrect|integrity check failed|[Kk]ey table|keytab|credentials cache|etype|encryption type/,
    code: 'ERR_KERBEROS_CREDENTIALS',
    message: ({ account }, { text }) =>
      `The domain does not accept the key of ${account.principal} in the file of --kerberos-credentials (${text}): export it again.`,
  },
  {
    says: /Client .*not found/,
    code: 'ERR_KERBEROS_USER_UNKNOWN',
    message: ({ user }) => `The domain knows no user ${user}: see singleSignOn.identity.`,
  },
  {
    call: 'impersonate',
    says: /policy rejects|credentials have been revoked|expired/,
    code: 'ERR_KERBEROS_USER_DISABLED',
    message: ({ user }) => `The domain refuses ${user}: the account is disabled, locked or expired, or may not sign in now.`,
  },
  {
    call: 'impersonate',
    says: /Server .*not found/,
    code: 'ERR_KERBEROS_REALM',
    message: ({ account, user }) =>
      `The domain of ${account.principal} has no trust with the realm of ${user}, or does not know its suffix.`,
  },
  {
    call: 'impersonate',
    says: /padata type|fulfill requested option/,
    code: 'ERR_KERBEROS_DELEGATION',
    message: ({ account, user }) => `The domain does not let ${account.principal} sign in ${user}. ${DOCTOR}`,
  },
  {
    says: /Server .*not found/,
    code: 'ERR_KERBEROS_SERVICE_UNKNOWN',
    message: ({ target }) =>
      `No account of the domain has the service principal name ${target}: see singleSignOn.servicePrincipalName, and setspn -Q.`,
  },
  {
    says: /fulfill requested option|policy rejects/,
    code: 'ERR_KERBEROS_DELEGATION',
    message: ({ account, target }) =>
      `The domain does not let ${account.principal} sign users in to ${target}. Its account needs "constrained delegation, any protocol", ` +
      `with ${target} on its list (msDS-AllowedToDelegateTo). ${DOCTOR}`,
  },
];

/** Told apart by the user's own ticket, where the domain says the same for three reasons. */
const DENIED: Readonly<Record<'user' | 'target', Pick<Kind, 'code' | 'message'>>> = {
  user: {
    code: 'ERR_KERBEROS_USER_PROTECTED',
    message: ({ user }) => `${user} may not be signed in by others: "sensitive and cannot be delegated", or a member of Protected Users.`,
  },
  target: {
    code: 'ERR_KERBEROS_DELEGATION',
    message: ({ account, target }) => `${target} is not on the list of ${account.principal} (msDS-AllowedToDelegateTo): add it.`,
  },
};

/** The domain refused, and would have said the same for two reasons. */
export class AccountOrUserDenied extends SallyportError {}

const accountOrUser = ({ account, user }: Asked): string =>
  `${account.principal} lacks protocol transition ("use any authentication protocol", TRUSTED_TO_AUTH_FOR_DELEGATION); ` +
  `if others can sign in, ${user} is protected ("sensitive and cannot be delegated"). ${DOCTOR}`;

/** The SallyportError for a failed negotiation. */
export const negotiationError = (failure: Failure, asked: Asked): SallyportError => {
  const { call, text, denied } = failure;
  const cause = new Error(`${call}: ${text}`);
  if (call === 'slot') return new SallyportError('ERR_KERBEROS_KDC', text, { cause });
  if (call === 'helper') return new SallyportError('ERR_KERBEROS_UNAVAILABLE', text, { cause });
  if (denied === 'account or user') return new AccountOrUserDenied('ERR_KERBEROS_DELEGATION', accountOrUser(asked), { cause });
  const kind = denied ? DENIED[denied] : KINDS.find((one) => (one.call ?? call) === call && one.says.test(text));
  if (kind) return new SallyportError(kind.code, kind.message(asked, failure), { cause });
  return new SallyportError('ERR_KERBEROS_UNAVAILABLE', `${call} for ${asked.user} at ${asked.target}: ${text}`, { cause });
};

/** The SallyportError for what an application says to a ticket (KRB-ERROR), or for a proof of its that does not hold. */
export const applicationError = ({ text }: Failure, target: string): SallyportError => {
  const cause = new Error(text);
  if (/Clock skew|not yet valid/.test(text)) {
    const message = `${target} refuses the time of the ticket: its clock and this machine’s differ by more than it accepts. Synchronise both (NTP). ${DOCTOR}`;
    return new SallyportError('ERR_KERBEROS_CLOCK', message, { cause });
  }
  const why = REFUSALS.find(([says]) => says.test(text))?.[1] ?? 'see its log';
  return new SallyportError('ERR_KERBEROS_REFUSED', `${target} did not accept the ticket (${text}): ${why}.`, { cause });
};

const REFUSALS: ReadonlyArray<readonly [RegExp, string]> = [
  [/Key version|integrity check|No key table entry|not found in keytab/, 'its keytab is older or newer than the account’s password'],
  [/isn't for us|[Ww]rong principal/, 'its keytab is of another service principal name'],
  [/replay/, 'it has seen this ticket before'],
];
