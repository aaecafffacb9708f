// What a signed assertion says, once it is known to be the provider's own: for us, for this sign-in, for now (SAML 2.0 Profiles §4.1.4.2,
// §4.1.4.3). The signature was checked before; what is read here is what was signed, and nothing else.
import { refused } from './message.ts';

/** As xml2js has it: attributes in `$`, text in `_`, elements by name, each a list. */
export type Element = Readonly<Record<string, unknown>>;

export interface AssertionChecks {
  /** The provider's entity id, and ours. */
  readonly issuer: string;
  readonly audience: string;
  /** Where responses are to be sent. */
  readonly recipient: string;
  /** The id of the request that it answers. */
  readonly requestId: string;
  readonly now: number;
}

export interface Assertion {
  readonly id: string;
  /** When nobody would believe it any more, milliseconds since the epoch. */
  readonly goodUntil: number;
  readonly nameId: NameId;
  readonly sessionIndex: string | undefined;
  readonly context: string | undefined;
  readonly authenticatedAt: number | null;
  /** By their names; one value as it is, several as a list. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

export interface NameId {
  readonly value: string;
  readonly format: string | undefined;
  readonly nameQualifier: string | undefined;
  readonly spNameQualifier: string | undefined;
}

const CLOCK_SKEW_MS = 60_000;
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

/** Throws ERR_IDENTITY_REFUSED, saying what does not hold. */
export const readAssertion = (assertion: Element, checks: AssertionChecks): Assertion => {
  const id = attribute(assertion, 'ID');
  if (id === undefined || attribute(assertion, 'Version') !== '2.0') throw refused('its assertion is none of SAML 2.0');
  if (textOf(only(assertion, 'Issuer')) !== checks.issuer) throw refused('its assertion is another provider’s');
  const subject = only(assertion, 'Subject');
  const confirmedUntil = readConfirmation(subject, checks);
  const conditionsUntil = checkConditions(only(assertion, 'Conditions'), checks);
  const statement = only(assertion, 'AuthnStatement');
  checkSession(statement, checks.now);
  return {
    id,
    goodUntil: Math.min(confirmedUntil, conditionsUntil) + CLOCK_SKEW_MS,
    nameId: readNameId(subject),
    sessionIndex: attribute(statement, 'SessionIndex'),
    context: maybe(maybe(statement, 'AuthnContext'), 'AuthnContextClassRef', textOf),
    authenticatedAt: attribute(statement, 'AuthnInstant') === undefined ? null : time(statement, 'AuthnInstant'),
    attributes: readAttributes(assertion),
  };
};

/** Users are known by it, so it must be the same next time. */
const readNameId = (subject: Element): NameId => {
  const element = only(subject, 'NameID');
  const value = textOf(element);
  const format = attribute(element, 'Format');
  if (value === '') throw refused('it names nobody');
  if (format === TRANSIENT) throw refused('its name for the user changes each time: have the provider send a persistent NameID');
  return { value, format, nameQualifier: attribute(element, 'NameQualifier'), spNameQualifier: attribute(element, 'SPNameQualifier') };
};

/** Until when the browser may bring it. */
const readConfirmation = (subject: Element, { recipient, requestId, now }: AssertionChecks): number => {
  const wrongs = list(subject, 'SubjectConfirmation').map((confirmation): string | number => {
    const data = list(confirmation, 'SubjectConfirmationData')[0] ?? {};
    if (attribute(confirmation, 'Method') !== BEARER) return 'the browser may not bring it';
    if (attribute(data, 'Recipient') !== recipient) return 'it is addressed to another recipient';
    if (attribute(data, 'InResponseTo') !== requestId) return 'it does not answer this sign-in';
    if (attribute(data, 'NotBefore') !== undefined) return 'it may be brought only later';
    const until = time(data, 'NotOnOrAfter');
    return now - CLOCK_SKEW_MS < until ? until : 'it has expired';
  });
  const good = wrongs.find((wrong) => typeof wrong === 'number');
  if (typeof good === 'number') return good;
  throw refused(String(wrongs[0] ?? 'nothing confirms who may bring it'));
};

const checkConditions = (conditions: Element, { audience, now }: AssertionChecks): number => {
  if (attribute(conditions, 'NotBefore') !== undefined && now + CLOCK_SKEW_MS < time(conditions, 'NotBefore'))
    throw refused('it is not good yet: compare the clocks');
  const until = attribute(conditions, 'NotOnOrAfter') === undefined ? Number.POSITIVE_INFINITY : time(conditions, 'NotOnOrAfter');
  if (now - CLOCK_SKEW_MS >= until) throw refused('it has expired');
  const restrictions = list(conditions, 'AudienceRestriction');
  // Several restrictions all hold; of one's audiences one has to be us (SAML 2.0 Core §2.5.1.4).
  const isOurs = (restriction: Element): boolean => list(restriction, 'Audience').some((one) => textOf(one) === audience);
  if (restrictions.length === 0 || !restrictions.every(isOurs)) throw refused('it is meant for another audience');
  return until;
};

const checkSession = (statement: Element, now: number): void => {
  if (attribute(statement, 'SessionNotOnOrAfter') !== undefined && now - CLOCK_SKEW_MS >= time(statement, 'SessionNotOnOrAfter'))
    throw refused('the session at the provider has ended');
};

const readAttributes = (assertion: Element): Record<string, string | readonly string[]> => {
  const found = list(assertion, 'AttributeStatement').flatMap((statement) => list(statement, 'Attribute'));
  const named = found.flatMap((one) => {
    const name = attribute(one, 'Name');
    return name === undefined ? [] : [[name, list(one, 'AttributeValue').map(textOf)] as const];
  });
  const values = new Map<string, readonly string[]>();
  for (const [name, more] of named) values.set(name, [...(values.get(name) ?? []), ...more]);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0]! : all]));
};

/** Elements that have no attributes come as text alone. */
const list = (parent: Element, name: string): readonly Element[] => {
  const found = parent[name];
  return Array.isArray(found) ? found.map((one) => (typeof one === 'object' && one !== null ? (one as Element) : { _: one })) : [];
};

const only = (parent: Element, name: string): Element => {
  const [first, ...others] = list(parent, name);
  if (first === undefined || others.length > 0) throw refused(`it has ${first === undefined ? 'no' : 'more than one'} ${name}`);
  return first;
};

function maybe(parent: Element | undefined, name: string): Element | undefined;
function maybe<Value>(parent: Element | undefined, name: string, read: (element: Element) => Value): Value | undefined;
function maybe<Value>(parent: Element | undefined, name: string, read?: (element: Element) => Value): Element | Value | undefined {
  const [first] = parent === undefined ? [] : list(parent, name);
  return first === undefined || read === undefined ? first : read(first);
}

const attribute = ({ $ }: Element, name: string): string | undefined => {
  const value = typeof $ === 'object' && $ !== null && Object.hasOwn($, name) ? ($ as Element)[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const textOf = ({ _ }: Element): string => (typeof _ === 'string' ? _.trim() : '');

/** SAML's times are UTC (Core §1.3.3). */
const time = (element: Element, name: string): number => {
  const text = attribute(element, name) ?? '';
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw refused(`its ${name} is no time in UTC`);
  return at;
};
