// What an application is told of its user: header fields, and what the connector needs for the application's method.
// The claims themselves stay here: only what was made of them travels.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue } from '../../protocol/headers.ts';
import type { SignOn } from '../../protocol/sign-on.ts';
import { ASSERTION_FORMATS } from '../../tenants/assertion-formats.ts';
import { type ClaimsOf, fillTemplate, parseTemplate } from '../../tenants/claim-template.ts';
import { digest } from '../keys.ts';
import type { Application, User } from '../stores/records.ts';
import type { Caller } from './caller.ts';

export interface Introduction {
  readonly headers: HeaderList;
  /** For the request frame; undefined where the connector has nothing to do. */
  readonly signOn: SignOn | undefined;
}

/** Fields in which only we speak to this application. What a client sends under these names never gets there. */
export const toldNames = ({ singleSignOn }: Pick<Application, 'singleSignOn'>): string[] => [
  ...Object.keys(singleSignOn.headers),
  ...(singleSignOn.method === 'kerberos' || (singleSignOn.method === 'password' && singleSignOn.scheme === 'basic')
    ? ['Authorization']
    : []),
  ...(singleSignOn.method === 'assertion' || singleSignOn.method === 'token' ? [singleSignOn.header] : []),
];

/** How fields begin that an application of this kind takes for ours. */
export const toldPrefixes = ({ singleSignOn }: Pick<Application, 'singleSignOn'>): string[] =>
  singleSignOn.method === 'assertion' ? [ASSERTION_FORMATS[singleSignOn.format].prefix] : [];

/** Throws ERR_IDENTITY_REFUSED for a claim that is missing, or that would become another one on its way. */
export const introduce = (
  { id, singleSignOn }: Pick<Application, 'id' | 'singleSignOn'>,
  { user, handle }: Pick<Caller, 'user' | 'handle'>,
): Introduction => {
  const claimsOf = claimsOfUser(user);
  const headers = Object.entries(singleSignOn.headers).flatMap(([name, template]) => {
    const value = fillTemplate(parseTemplate(template), claimsOf);
    return value === null ? [] : [[name, fieldValue(name, value)] as const];
  });
  return { headers, signOn: signOnOf(id, singleSignOn, claimsOf, handle) };
};

const signOnOf = (
  application: string,
  singleSignOn: Application['singleSignOn'],
  claimsOf: ClaimsOf,
  handle: string,
): SignOn | undefined => {
  if (singleSignOn.method === 'ntlm') return { method: 'ntlm', connection: digest(JSON.stringify([application, handle])) };
  if (singleSignOn.method !== 'kerberos') return undefined;
  const { servicePrincipalName, identity: template, sendOn, mutualAuthentication } = singleSignOn;
  const identity = fillTemplate(parseTemplate(template), claimsOf);
  if (identity === null) {
    throw new SallyportError(
      'ERR_IDENTITY_REFUSED',
      `The user lacks a claim that ${application} needs to sign them in: its singleSignOn.identity is ${template}.`,
    );
  }
  return { method: 'kerberos', service: servicePrincipalName, identity, sendOn, proof: mutualAuthentication };
};

export const claimsOfUser =
  (user: User): ClaimsOf =>
  (claim) => {
    if (claim === 'groups') return user.groups;
    if (claim === 'username' || claim === 'name' || claim === 'email' || claim === 'subject' || claim === 'issuer') return [user[claim]];
    return Object.hasOwn(user.claims, claim) ? [user.claims[claim]!] : [];
  };

/** UTF-8, one character for each byte (RFC 9110 §5.5 obs-text); without this step U+010A would be cut to a line feed. */
const fieldValue = (name: string, value: string): string => {
  if (!isFieldValue(value)) throw new SallyportError('ERR_IDENTITY_REFUSED', `What ${name} would tell is no header field's value.`);
  return Buffer.from(value, 'utf8').toString('latin1');
};
