// Who signed in: the provider's claims, as the tenant file maps them. Issuer and subject are the identity; all else describes it.
// A provider is believed for its own users alone: what it says of another domain's is refused, under every protocol.
import { SallyportError } from '../../protocol/errors.ts';
import type { User } from '../stores/records.ts';
import type { ClaimNames } from './claim-names.ts';
import type { ProviderProfile } from './provider-profile.ts';

type Claims = Readonly<Record<string, unknown>>;
type Speaker = Pick<ProviderProfile, 'id' | 'issuer' | 'emailDomains' | 'claims' | 'isOneOfSeveral'>;

/** A program that acts for itself has no user name: it goes by its client id, which no user name looks like. */
const CLIENT = 'client:';

/** Throws ERR_IDENTITY_REFUSED, naming the claim, when there is no usable user name, or one that is not the provider's to give. */
export const toUser = (given: Claims, provider: Speaker): User => {
  const { claims: names } = provider;
  // An address that the provider has not verified is what somebody typed: it must not stand for anyone, under any mapping.
  const unverified = isUnverified(given);
  const claims: Claims = unverified ? { ...given, email: undefined } : given;
  if (required(claims, 'iss') !== provider.issuer) throw refused(`it is not ${provider.issuer}, but calls itself ${asText(claims.iss)}`);

  const username = asText(claims[names.username]);
  if (username === '') {
    const because =
      unverified && names.username === 'email' ? 'the e-mail address is not verified' : `the claim “${names.username}” is missing`;
    throw new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service gave no user name: ${because}.`);
  }
  if (!maySpeakFor(provider, username)) {
    throw refused(`the user name ${username} is no address of ${provider.emailDomains.join(', ')}`);
  }
  return { ...describe(claims, provider), username, name: asText(claims[names.name]) || username };
};

/** The program that a token was given to in its own name. */
export const toProgram = (claims: Claims, provider: Speaker, client: string): User => {
  const username = qualified(provider, `${CLIENT}${client}`);
  return { ...describe(claims, provider), username, name: asText(claims[provider.claims.name]) || username };
};

/** What Entra puts into a SAML assertion instead of more than 150 groups. */
const GROUPS_LINK = 'http://schemas.microsoft.com/claims/groups.link';

/** Entra leaves the groups out of the token when they are too many, and says where they could be fetched instead, or that there are some. */
export const groupsAreElsewhere = (claims: Claims, { groups }: Pick<ClaimNames, 'groups'>): boolean => {
  const { _claim_names: elsewhere, hasgroups } = claims;
  const isNamed = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, groups);
  return isNamed || claims[GROUPS_LINK] !== undefined || (claims[groups] === undefined && (hasgroups === true || hasgroups === 'true'));
};

/** A group is told apart from another provider's of the same name: whoever runs that one could put anyone into it. */
export const qualified = ({ id, isOneOfSeveral }: Pick<Speaker, 'id' | 'isOneOfSeveral'>, name: string): string =>
  isOneOfSeveral ? `${id}:${name}` : name;

/** The domain of an e-mail address, lower case; null for what is not plainly one. */
export const domainOf = (address: string): string | null => {
  const [, domain] = /^[^@\s,]+@([a-z0-9.-]+)$/i.exec(address) ?? [];
  return domain?.toLowerCase() ?? null;
};

const describe = (claims: Claims, provider: Speaker): Omit<User, 'username' | 'name'> => {
  const { email, groups, further } = provider.claims;
  const address = asText(claims[email]);
  return {
    issuer: required(claims, 'iss'),
    subject: required(claims, 'sub'),
    // Somebody's private address, say: it is not the provider's word that makes it theirs.
    email: maySpeakFor(provider, address) ? address : '',
    groups: asTexts(claims[groups]).map((group) => qualified(provider, group)),
    ...(groupsAreElsewhere(claims, provider.claims) ? { groupsLeftOut: true } : {}),
    claims: Object.fromEntries(further.map((name) => [name, asText(claims[name])] as const).filter(([, value]) => value !== '')),
    amr: asTexts(claims.amr),
  };
};

const maySpeakFor = ({ emailDomains }: Pick<Speaker, 'emailDomains'>, address: string): boolean =>
  emailDomains.length === 0 || emailDomains.includes(domainOf(address) ?? '');

const isUnverified = ({ email_verified: verified }: Claims): boolean => verified === false || verified === 'false';

const refused = (why: string): SallyportError => new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service is not believed: ${why}.`);

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
