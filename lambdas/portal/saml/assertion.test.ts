// Until when, for whom and in answer to what an assertion is believed: to the millisecond, and by each of its parts alone.
import { describe, expect, test } from '@jest/globals';
import { type AssertionChecks, type Element, readAssertion } from './assertion.ts';

const NOW = Date.UTC(2027, 0, 15);
const SKEW_MS = 60_000;
const HOUR_MS = 3_600_000;
const CHECKS: AssertionChecks = {
  issuer: 'https://login.example.com/',
  audience: 'https://portal.example.com/saml/metadata',
  recipient: 'https://portal.example.com/callback/main',
  requestId: '_request',
  now: NOW,
};
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

const instant = (at: number): string => new Date(at).toISOString();
/** As xml2js has it. */
const element = (attributes: Readonly<Record<string, string | undefined>>, content: Element = {}): Element => ({
  $: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)),
  ...content,
});

type Attributes = Readonly<Record<string, string | undefined>>;
interface Changes {
  readonly assertion?: Attributes;
  readonly issuer?: readonly unknown[];
  readonly nameId?: readonly unknown[];
  readonly confirmation?: Attributes;
  readonly data?: Attributes;
  readonly confirmations?: readonly Element[];
  readonly conditions?: Attributes;
  readonly restrictions?: readonly Element[];
  readonly statement?: Attributes;
}

const confirmation = (attributes: Attributes = {}, data: Attributes = {}): Element =>
  element(
    { Method: BEARER, ...attributes },
    {
      SubjectConfirmationData: [
        element({ NotOnOrAfter: instant(NOW + HOUR_MS), Recipient: CHECKS.recipient, InResponseTo: CHECKS.requestId, ...data }),
      ],
    },
  );
const restriction = (...audiences: readonly string[]): Element => ({ Audience: audiences });

const assertion = (changes: Changes = {}): Element =>
  element(
    { ID: '_assertion', Version: '2.0', ...changes.assertion },
    {
      Issuer: changes.issuer ?? [CHECKS.issuer],
      Subject: [
        {
          NameID: changes.nameId ?? ['alice'],
          SubjectConfirmation: changes.confirmations ?? [confirmation(changes.confirmation, changes.data)],
        },
      ],
      Conditions: [
        element(
          { NotBefore: instant(NOW), NotOnOrAfter: instant(NOW + HOUR_MS), ...changes.conditions },
          { AudienceRestriction: changes.restrictions ?? [restriction(CHECKS.audience)] },
        ),
      ],
      AuthnStatement: [element({ AuthnInstant: instant(NOW), SessionIndex: 's-1', ...changes.statement })],
    },
  );

const read = (changes: Changes = {}) => readAssertion(assertion(changes), CHECKS);
const outcome = (changes: Changes): string => {
  try {
    read(changes);
    return 'believed';
  } catch (error) {
    return (error as Error).message;
  }
};

/** The last moment that is good, and the first that is not. */
const SKEWED: ReadonlyArray<readonly [what: string, at: (moment: string) => Changes, good: number, bad: number, why: RegExp]> = [
  ['its session', (at) => ({ statement: { SessionNotOnOrAfter: at } }), NOW - SKEW_MS + 1, NOW - SKEW_MS, /session at the provider/],
  ['its confirmation', (at) => ({ data: { NotOnOrAfter: at } }), NOW - SKEW_MS + 1, NOW - SKEW_MS, /it has expired/],
  ['its conditions', (at) => ({ conditions: { NotOnOrAfter: at } }), NOW - SKEW_MS + 1, NOW - SKEW_MS, /it has expired/],
  ['its beginning', (at) => ({ conditions: { NotBefore: at } }), NOW + SKEW_MS, NOW + SKEW_MS + 1, /not good yet/],
];

describe('times, by clocks that differ by a minute at most', () => {
  test.each(SKEWED)('%s has one last moment', (_, changes, good, bad, why) => {
    expect(outcome(changes(instant(good)))).toBe('believed');
    expect(outcome(changes(instant(bad)))).toMatch(why);
  });

  test.each(SKEWED)('%s is a time in UTC, or nothing is believed', (_, changes) => {
    const odd = ['soon', '2027-01-15', '2099-01-15T00:00:00', '2099-01-15T00:00:00+01:00', '2099-01-15T25:00:00Z', ' 2099-01-15T00:00:00Z'];

    for (const text of odd) expect(outcome(changes(text))).toMatch(/is no time in UTC/);
  });

  test('a session and conditions may have no end; a confirmation must', () => {
    expect(outcome({ statement: { SessionNotOnOrAfter: undefined }, conditions: { NotOnOrAfter: undefined, NotBefore: undefined } })).toBe(
      'believed',
    );
    expect(outcome({ data: { NotOnOrAfter: undefined } })).toMatch(/its NotOnOrAfter is no time in UTC/);
  });

  test('it is remembered as used until nobody would believe it any more, the skew included', () => {
    const until = (confirmed: number, conditions: number) =>
      read({ data: { NotOnOrAfter: instant(confirmed) }, conditions: { NotOnOrAfter: instant(conditions) } }).goodUntil;

    expect([until(NOW + 5000, NOW + 9000), until(NOW + 9000, NOW + 5000)]).toEqual([NOW + 5000 + SKEW_MS, NOW + 5000 + SKEW_MS]);
    expect(read({ conditions: { NotOnOrAfter: undefined } }).goodUntil).toBe(NOW + HOUR_MS + SKEW_MS);
  });
});

describe('for whom it is, and in answer to what', () => {
  test.each<[string, Changes, RegExp]>([
    ['no ID', { assertion: { ID: undefined } }, /none of SAML 2.0/],
    ['an empty ID', { assertion: { ID: '' } }, /none of SAML 2.0/],
    ['another version', { assertion: { Version: '1.1' } }, /none of SAML 2.0/],
    ['another issuer', { issuer: [`${CHECKS.issuer}x`] }, /another provider/],
    ['no issuer', { issuer: [] }, /no Issuer/],
    ['two issuers', { issuer: [CHECKS.issuer, CHECKS.issuer] }, /more than one Issuer/],
    ['two names', { nameId: ['alice', 'admin'] }, /more than one NameID/],
    ['another method', { confirmation: { Method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' } }, /browser may not/],
    ['no method', { confirmation: { Method: undefined } }, /browser may not/],
    ['a longer recipient', { data: { Recipient: `${CHECKS.recipient}/x` } }, /another recipient/],
    ['no recipient', { data: { Recipient: undefined } }, /another recipient/],
    ['a longer request', { data: { InResponseTo: `${CHECKS.requestId}x` } }, /does not answer/],
    ['no request', { data: { InResponseTo: undefined } }, /does not answer/],
    ['a confirmation that begins', { data: { NotBefore: instant(NOW - HOUR_MS) } }, /only later/],
    ['no confirmation', { confirmations: [] }, /nothing confirms/],
    ['a confirmation without data', { confirmations: [element({ Method: BEARER })] }, /another recipient/],
    ['no restriction to an audience', { restrictions: [] }, /another audience/],
    ['a restriction to none', { restrictions: [{}] }, /another audience/],
    ['a longer audience', { restrictions: [restriction(`${CHECKS.audience}x`)] }, /another audience/],
    ['a second restriction, to another', { restrictions: [restriction(CHECKS.audience), restriction('x')] }, /another audience/],
  ])('%s: it is refused', (_, changes, why) => {
    expect(outcome(changes)).toMatch(why);
  });

  test('one of several audiences is enough, and one good confirmation of several', () => {
    expect(outcome({ restrictions: [restriction('x', CHECKS.audience), restriction(CHECKS.audience)] })).toBe('believed');
    expect(outcome({ confirmations: [confirmation({}, { Recipient: 'x' }), confirmation()] })).toBe('believed');
    expect(outcome({ confirmations: [confirmation({}, { Recipient: 'x' }), confirmation({}, { InResponseTo: 'x' })] })).toMatch(
      /recipient/,
    );
  });

  test.each(['Subject', 'Conditions', 'AuthnStatement'])('without one %s nothing is believed, nor with two', (name) => {
    const whole = assertion();
    const twice = [...(whole[name] as unknown[]), ...(whole[name] as unknown[])];

    for (const changed of [[], twice]) expect(() => readAssertion({ ...whole, [name]: changed }, CHECKS)).toThrow(name);
  });
});

describe('what is read of it', () => {
  test('who the user is, in which session, and when they showed it', () => {
    expect(read()).toMatchObject({
      id: '_assertion',
      nameId: { value: 'alice' },
      sessionIndex: 's-1',
      authenticatedAt: NOW,
      attributes: {},
    });
    expect(read({ statement: { AuthnInstant: undefined } }).authenticatedAt).toBeNull();
  });

  test('attributes of one name are one list, and those without a name are none', () => {
    const attribute = (name: string | undefined, ...values: readonly string[]) => element({ Name: name }, { AttributeValue: values });
    const statements = [
      { Attribute: [attribute('groups', 'a'), attribute('uid', ' alice ')] },
      { Attribute: [attribute('groups', 'b', 'c'), attribute(undefined, 'x'), attribute('none')] },
    ];

    const { attributes } = readAssertion({ ...assertion(), AttributeStatement: statements }, CHECKS);

    expect(attributes).toEqual({ groups: ['a', 'b', 'c'], uid: 'alice', none: [] });
  });
});
