// The user's claims as the header fields that an application's entry names.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue } from '../../protocol/headers.ts';
import type { Application, User } from '../stores/records.ts';

/** Throws ERR_IDENTITY_REFUSED for a claim that a field cannot hold without becoming another one. */
export const claimHeaders = ({ headers }: Pick<Application, 'headers'>, user: User): HeaderList =>
  Object.entries(headers).flatMap(([name, claim]) => {
    const value = claimValue(user, claim);
    return value === null ? [] : [[name, fieldValue(claim, value)] as const];
  });

const claimValue = (user: User, claim: string): string | null => {
  if (claim === 'groups') return user.groups.map(listItem).join(',');
  if (claim === 'username' || claim === 'name' || claim === 'email' || claim === 'subject' || claim === 'issuer') return user[claim];
  return Object.hasOwn(user.claims, claim) ? user.claims[claim]! : null;
};

/** A group named `guests,admins` is one group: the comma is the list's, so a name's own is escaped. */
const listItem = (item: string): string => item.replaceAll('%', '%25').replaceAll(',', '%2C');

/** UTF-8, one character for each byte (RFC 9110 §5.5 obs-text); without this step U+010A would be cut to a line feed. */
const fieldValue = (claim: string, value: string): string => {
  // Readers trim blanks, so `alice ` would become `alice`; they split at CR and LF.
  if (!isFieldValue(value) || value !== value.trim() || /\p{Surrogate}/u.test(value)) {
    throw new SallyportError(
      'ERR_IDENTITY_REFUSED',
      `The claim ${claim} holds a control character or outer blanks: correct it at the provider.`,
    );
  }
  return Buffer.from(value, 'utf8').toString('latin1');
};
