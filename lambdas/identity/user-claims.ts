// Who signed in: the provider's claims, as the tenant file maps them. Issuer and subject are the identity; all else describes it.
import { SallyportError } from '../../protocol/errors.ts';
import type { User } from '../stores/records.ts';
import type { ClaimNames } from './claim-names.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Throws ERR_IDENTITY_REFUSED, naming the claim, when there is no usable user name. */
export const toUser = (given: Claims, names: ClaimNames): User => {
  // An address that the provider has not verified is what somebody typed: it must not stand for anyone, under any mapping.
  const unverified = given.email_verified === false || given.email_verified === 'false';
  const claims: Claims = unverified ? { ...given, email: undefined } : given;

  const username = asText(claims[names.username]);
  if (username === '') {
    const because =
      unverified && names.username === 'email' ? 'the e-mail address is not verified' : `the claim “${names.username}” is missing`;
    throw new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service gave no user name: ${because}.`);
  }
  return {
    issuer: required(claims, 'iss'),
    subject: required(claims, 'sub'),
    username,
    name: asText(claims[names.name]) || username,
    email: asText(claims[names.email]),
    groups: asTexts(claims[names.groups]),
    claims: Object.fromEntries(names.further.map((name) => [name, asText(claims[name])] as const).filter(([, value]) => value !== '')),
    amr: asTexts(claims.amr),
  };
};

/** Entra leaves the groups out of the token when they are too many, and says where they could be fetched instead. */
export const groupsAreElsewhere = ({ _claim_names: elsewhere }: Claims, { groups }: ClaimNames): boolean =>
  typeof elsewhere === 'object' && elsewhere !== null && groups in elsewhere;

const required = (claims: Claims, name: string): string => {
  const value = claims[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service did not say who you are: the claim “${name}” is missing.`);
};

/** Text of one line; a value that could break one is no value. */
const asText = (value: unknown): string => {
  if (Array.isArray(value)) return asTexts(value).join(',');
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && !/\p{Cc}/u.test(text) ? text.trim() : '';
};

const asTexts = (value: unknown): string[] => (Array.isArray(value) ? value.map(asOne) : [asOne(value)]).filter((text) => text !== '');

const asOne = (value: unknown): string => (Array.isArray(value) ? '' : asText(value));
