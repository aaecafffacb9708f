import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Context } from './conditions.ts';
import { decide } from './evaluate.ts';
import { readPolicy } from './policy-document.ts';
import { matches, matchesAction, matchesArn } from './wildcards.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/registry';
const allow = (more: object) => ({ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*', ...more });
const policy = (...statements: object[]) => readPolicy({ Version: '2012-10-17', Statement: statements }, 'Policy', 'identity');
const outcome = (statements: object[], request: { action?: string; resource?: string; context?: Context } = {}) =>
  decide(policy(...statements), { action: 'dynamodb:GetItem', resource: TABLE, context: {}, ...request }).outcome;

describe('wildcards', () => {
  test('a star is any run of characters, a question mark one', () => {
    expect(matches('a*c?', 'abbbcd')).toBe(true);
    expect(matches('a*c?', 'abbbc')).toBe(false);
    expect(matches('*', '')).toBe(true);
  });

  test('everything else stands for itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, value) => {
        fc.pre(!/[*?]/.test(pattern));

        expect(matches(pattern, value)).toBe(pattern === value);
      }),
    );
  });

  test('actions are compared without regard to case', () => {
    expect(matchesAction('DynamoDB:get*', 'dynamodb:GetItem')).toBe(true);
  });

  test('a star in one part of an ARN does not reach into the next', () => {
    expect(matchesArn('arn:aws:dynamodb:*:table/registry', TABLE)).toBe(false);
    expect(matchesArn('arn:aws:dynamodb:*:*:table/*', TABLE)).toBe(true);
    expect(
      matchesArn('arn:aws:logs:us-east-1:123456789012:log-group:x:*', 'arn:aws:logs:us-east-1:123456789012:log-group:x:log-stream:y'),
    ).toBe(true);
  });
});

describe('decisions', () => {
  test('without an allow nothing is allowed', () => {
    expect(outcome([allow({ Action: 'dynamodb:PutItem' })])).toBe('implicit deny');
    expect(outcome([allow({ Resource: `${TABLE}-2` })])).toBe('implicit deny');
    expect(outcome([allow({ Resource: TABLE })])).toBe('allow');
  });

  test('an explicit deny wins, wherever it stands', () => {
    const deny = { Effect: 'Deny', Action: '*', Resource: `${TABLE}*` };

    expect(outcome([allow({}), deny])).toBe('explicit deny');
    expect(outcome([deny, allow({})])).toBe('explicit deny');
  });

  test('NotAction and NotResource are everything but', () => {
    const statement = { Effect: 'Allow', NotAction: 'dynamodb:Put*', NotResource: `${TABLE}/index/*` };

    expect(outcome([statement])).toBe('allow');
    expect(outcome([statement], { action: 'dynamodb:PutItem' })).toBe('implicit deny');
    expect(outcome([statement], { resource: `${TABLE}/index/by-parent` })).toBe('implicit deny');
  });

  test('an action without a resource needs a star', () => {
    expect(outcome([allow({ Resource: 'arn:aws:dynamodb:us-east-1:123456789012:*' })], { resource: '*' })).toBe('implicit deny');
    expect(outcome([allow({})], { resource: '*' })).toBe('allow');
  });
});

describe('conditions', () => {
  const given = (Condition: object, context: Context) => outcome([allow({ Condition })], { context });
  const SOURCE = 'arn:aws:execute-api:us-east-1:123456789012:abc/live/GET/x';

  test.each([
    ['StringEquals', { StringEquals: { 'sts:ExternalId': ['a', 'b'] } }, { 'sts:externalid': 'b' }, { 'sts:externalid': 'B' }],
    [
      'StringLike',
      { StringLike: { 'aws:PrincipalArn': '*:role/r*' } },
      { 'aws:principalarn': 'x:role/router' },
      { 'aws:principalarn': 'x:role/x' },
    ],
    ['ArnLike', { ArnLike: { 'aws:SourceArn': 'arn:aws:execute-api:*:*:abc/*' } }, { 'aws:sourcearn': SOURCE }, { 'aws:sourcearn': 'abc' }],
    ['ArnEquals', { ArnEquals: { 'aws:SourceArn': SOURCE } }, { 'aws:sourcearn': SOURCE }, { 'aws:sourcearn': `${SOURCE}y` }],
    ['Bool', { Bool: { 'aws:SecureTransport': true } }, { 'aws:securetransport': 'true' }, { 'aws:securetransport': 'false' }],
    ['StringNotEquals', { StringNotEquals: { 'sts:ExternalId': 'a' } }, { 'sts:externalid': 'b' }, { 'sts:externalid': 'a' }],
  ])('%s', (_, condition, holding, failing) => {
    expect(given(condition, holding)).toBe('allow');
    expect(given(condition, failing)).toBe('implicit deny');
  });

  test('a key that the request lacks holds only negated or with IfExists', () => {
    expect(given({ StringEquals: { 'sts:ExternalId': 'a' } }, {})).toBe('implicit deny');
    expect(given({ StringEqualsIfExists: { 'sts:ExternalId': 'a' } }, {})).toBe('allow');
    expect(given({ StringNotEquals: { 'sts:ExternalId': 'a' } }, {})).toBe('allow');
  });

  test('of a key with many values all must match, or one, as the operator says', () => {
    const all = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['group#*', 'connector'] } };
    const one = { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': 'group#*' } };
    const keys = (...values: string[]) => ({ 'dynamodb:leadingkeys': values });

    expect(given(all, keys('group#a', 'connector'))).toBe('allow');
    expect(given(all, keys('group#a', 'enrolment#b'))).toBe('implicit deny');
    expect(given(one, keys('enrolment#b', 'group#a'))).toBe('allow');
    expect(given(one, keys('enrolment#b'))).toBe('implicit deny');
    expect([given(all, keys()), given(one, keys()), given(all, {})]).toEqual(['allow', 'implicit deny', 'allow']);
  });

  test('all must hold', () => {
    const both = { StringEquals: { 'sts:ExternalId': 'a', 'sts:RoleSessionName': 'b' } };

    expect(given(both, { 'sts:externalid': 'a', 'sts:rolesessionname': 'b' })).toBe('allow');
    expect(given(both, { 'sts:externalid': 'a', 'sts:rolesessionname': 'c' })).toBe('implicit deny');
  });
});

describe('what is refused when it is deployed', () => {
  test.each([
    ['an unknown operator', allow({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), 'the condition operator IpAddress'],
    ['an unknown key', allow({ Condition: { StringEquals: { 'aws:Region': 'x' } } }), 'the condition key aws:Region'],
    [
      'a key with many values as if it had one',
      allow({ Condition: { StringLike: { 'dynamodb:LeadingKeys': 'x' } } }),
      'LeadingKeys is not',
    ],
    [
      'a key with one value as if it had many',
      allow({ Condition: { 'ForAnyValue:StringLike': { 'aws:SourceArn': 'x' } } }),
      'aws:SourceArn is not',
    ],
    ['a policy variable', allow({ Resource: `${TABLE}/\${aws:username}` }), 'policy variables are not simulated'],
    ['an unknown element', allow({ Actions: 'x' }), 'the policy element Actions'],
    ['a principal in an identity policy', allow({ Principal: '*' }), 'only a trust policy has a Principal'],
    ['no effect', { Action: 'a:b', Resource: '*' }, 'Effect must be Allow or Deny'],
    ['action and not-action', allow({ NotAction: 'a:b' }), 'needs one of Action and NotAction'],
    ['no resource', { Effect: 'Allow', Action: 'a:b' }, 'needs one of Resource and NotResource'],
    ['what is no action', allow({ Action: 'GetItem' }), 'GetItem is not an action'],
    ['what is no ARN', allow({ Resource: 'registry' }), 'registry is not an ARN'],
  ])('%s', (_, statement, message) => {
    expect(() => policy(allow({}), statement)).toThrow('Policy[1]: ');
    expect(() => policy(statement)).toThrow(message);
  });

  test('another version', () => {
    expect(() => readPolicy({ Version: '2008-10-17', Statement: [allow({})] }, 'Old', 'identity')).toThrow(
      'Old: Version must be 2012-10-17',
    );
  });
});
