import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { user } from '../lambdas/router/testing/records.ts';
import { decide } from './decide.ts';
import { evaluatorFor } from './evaluate.ts';
import { EXPRESSION_MAX_CHARACTERS, evaluate, expressionFault, FUNCTIONS, VARIABLES } from './expression.ts';
import type { Facts } from './requirements.ts';
import { disguises } from './testing/disguises.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 0);

const facts = (changes: Partial<Facts> = {}): Facts => ({
  user: user({ groups: ['hr-berlin', 'staff'], claims: { department: 'hr' } }),
  clientAddress: '203.0.113.9',
  country: null,
  now: NOW,
  authenticatedAt: NOW - 60_000,
  mfa: true,
  by: 'browser',
  ...changes,
});

const tell = (expression: string, changes: Partial<Facts> = {}, path = '/admin/x/') =>
  evaluate(expression, facts(changes), { method: 'POST', host: 'wiki.apps.example.com', path }, path);

const outcome = (side: 'require' | 'refuse', when: string, path = '/', changes: Partial<Facts> = {}, below = '/') => {
  const condition = { name: 'c', paths: [], methods: [], require: null, refuse: null, [side]: { when } };
  const governed = { preAuthentication: 'sign-in', access: 'everyone', path: below, conditions: [condition] } as const;
  return decide(governed, { method: 'GET', host: 'wiki.apps.example.com', path }, facts(changes), evaluate).outcome;
};

describe('an expression that asks for groups which the provider left out', () => {
  const cut = { user: user({ groups: [], groupsLeftOut: true }) };

  test.each([
    '"contractors" in user.groups',
    '!("contractors" in user.groups)',
    'user.groups.exists(g, g == "contractors")',
    'has(user.groups) && "contractors" in user.groups',
    'user.groups.size() == 0',
    '[user].exists(u, "contractors" in u.groups)',
  ])('%s denies on both sides', (expression) => {
    expect([outcome('require', expression, '/', cut), outcome('refuse', expression, '/', cut)]).toEqual(['deny', 'deny']);
    expect(tell(expression, cut)).toMatchObject({ holds: undefined, lacksGroups: true });
  });

  test('and one that asks for none is told', () => {
    expect(tell('user.username == "alice@example.com" || "x" in user.groups', cut)).toMatchObject({ holds: true });
  });
});

describe('an expression', () => {
  test.each([
    ['user.groups.exists(g, g.startsWith("hr-")) && request.path.startsWith("/admin/")', true],
    ['user.groups.all(g, g.startsWith("hr-"))', false],
    ['user.groups.filter(g, g != "staff").size() == 1', true],
    ['user.username == "alice@example.com" && user.email.endsWith("@example.com")', true],
    ['user.claims.department in ["hr", "it"]', true],
    ['has(user.claims.team) && user.claims.team == "a"', false],
    ['request.method in ["POST", "PUT"] && request.host == "wiki.apps.example.com"', true],
    ['request.address.startsWith("203.0.113.")', true],
    ['session.mfa && session.by == "browser"', true],
    ['now - session.authenticatedAt < duration("15m")', true],
    ['now < timestamp("2026-11-24T12:00:00Z")', false],
    ['now.getHours("Europe/Berlin") == 13', true],
    ['request.method == "GET" ? session.mfa : user.claims.department == "hr"', true],
  ])('%s is %s', (expression, holds) => {
    expect(expressionFault(expression, ['department', 'team'])).toBeNull();
    expect(tell(expression).holds).toBe(holds);
  });

  test.each<[string, string, Partial<Facts>]>([
    ['a claim that the user lacks', 'user.claims.team == "a"', {}],
    ['a claim by the name of a property', 'user.claims.constructor == "a"', {}],
    ['a user where nobody signs in', 'user.username != "bob"', { user: null }],
    ['whether there is a user', 'has(user.email)', { user: null }],
    ['an address that is not known', 'user.email != "a@b.c"', { user: user({ email: '' }) }],
    ['a time that is not known', 'now > session.authenticatedAt', { authenticatedAt: null }],
    ['a country that is not known', 'request.country != "DE"', {}],
    ['a group beyond the last', 'user.groups[7] != "a"', {}],
    ['a time zone that there is none of', 'now.getHours("Europe/Atlantis") < 24', {}],
    ['a text that is no time', 'now > timestamp(user.username)', {}],
    ['a quotient by nothing', '1 / (size(user.groups) - 2) == 1', {}],
  ])('that asks for %s cannot be told, so that it denies either way', (_, expression, changes) => {
    expect(tell(expression, changes).holds).toBeUndefined();
    expect([outcome('require', expression, '/', changes), outcome('refuse', expression, '/', changes)]).toEqual(['deny', 'deny']);
  });

  test('that was never checked is refused when it is asked, too', () => {
    expect([outcome('require', 'true ||'), outcome('refuse', 'usr.name == "a"'), outcome('require', '"a"')]).toEqual([
      'deny',
      'deny',
      'deny',
    ]);
  });
});

describe('a faulty expression is refused with what is wrong and where', () => {
  test.each([
    ['usr.name == "a"', 'Unknown variable: usr, at character 1'],
    ['session.mfa && user.nme == "a"', 'No such key: nme, at character 21'],
    ['session.mfa && user.claims.team == "a"', 'No claim team, at character 28'],
    ['user.claims["team"] == "a"', 'No claim team, at character 1'],
    ['user.username < 3', 'no such overload: string < int, at character 1'],
    ['user.username', 'It comes to string, and true or false is expected, at character 1'],
    ['session.mfa &&', 'Unexpected token: EOF, at character 15'],
    ['', 'Unexpected token: EOF, at character 1'],
    ['request.path + "x" == "y"', 'no such overload: Path + string, at character 1'],
  ])('%s', (expression, fault) => {
    expect(expressionFault(expression, ['department'])).toBe(fault);
  });

  test.each([
    ['a pattern, which could backtrack for ever', 'user.username.matches("(a+)+$")'],
    ['a list within a list', 'user.groups.exists(g, user.groups.exists(h, g == h))'],
    ['a list that grows', 'user.groups.map(g, user.groups).size() > 1'],
    ['a name that stands for a whole', 'cel.bind(x, user.groups + user.groups, size(x + x) > 1)'],
    ['what is not typed', 'dyn(user).nme == "a"'],
    ['a query, which says nothing about a path (GHSA-7rh7-c77v-6434)', 'request.query == "a"'],
    ['more text than anybody reads', `"${'a'.repeat(EXPRESSION_MAX_CHARACTERS)}" == "a"`],
    ['a hundred parentheses', `${'('.repeat(100)}true${')'.repeat(100)}`],
    ['a list of more than a hundred', `1 in [${'1,'.repeat(101)}1]`],
  ])('%s', (_, expression) => {
    expect(expressionFault(expression, [])).toMatch(/, at character \d+$/);
  });
});

describe('the path, in every reading of it', () => {
  const ways = [...disguises('admin'), '/;%2fx/%61dmin/users'];

  test.each(ways)('%s is refused with /admin/, and lets nobody in who must not be there', (path) => {
    expect(outcome('refuse', 'request.path.startsWith("/admin/")', path)).toBe('deny');
    expect(outcome('require', '!request.path.startsWith("/Admin/")', path)).toBe('deny');
  });

  test.each(['/public/x', '/PUBLIC/x', '/public'])('%s is all that is required', (path) => {
    expect(outcome('require', 'request.path.startsWith("/public/")', path)).toBe('allow');
  });

  test.each(['/public/../admin', '/public/%2e%2e/admin', '/public/..;/admin', '/public/..%5cadmin', '/admin'])(
    '%s is not where it is required to be',
    (path) => {
      expect(outcome('require', 'request.path.startsWith("/public/")', path)).toBe('deny');
    },
  );

  test.each([
    ['request.path == "/Admin"', '/admin/'],
    ['request.path in ["/x", "/admin/"]', '/ADMIN'],
    ['request.path.endsWith(".php")', '/a/b.PHP'],
    ['request.path.endsWith("/admin/")', '/x/admin'],
    ['request.path.contains("/Admin/")', '/x/admin/y'],
  ])('%s is the case for %s', (expression, path) => {
    expect(outcome('refuse', expression, path)).toBe('deny');
    expect(outcome('refuse', expression, '/elsewhere')).toBe('allow');
  });

  test('is below the application’s own', () => {
    expect(outcome('refuse', 'request.path.startsWith("/admin/")', '/Shop/admin', {}, '/Shop/')).toBe('deny');
    expect(outcome('refuse', 'request.path.startsWith("/admin/")', '/Shop/x', {}, '/Shop/')).toBe('allow');
  });
});

test('the language is loaded for applications that use it, and without it an expression denies', async () => {
  const condition = { name: 'c', paths: [], methods: [], require: null, refuse: { when: 'false' } };

  expect(await evaluatorFor({ conditions: [condition] })).toBe(evaluate);
  expect((await evaluatorFor({ conditions: [] }))('true', facts(), { method: 'GET', host: 'h', path: '/' }, '/').holds).toBeUndefined();
});

test('docs/configuration.md has the variables and functions that there are', () => {
  const document = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  const section = document.slice(document.indexOf('### Expressions'), document.indexOf('## Programs'));
  const names = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  const [, functions = ''] = /Functions: (.*)/.exec(section) ?? [];

  const variables = Object.entries(VARIABLES).flatMap(([name, fields]) => Object.keys(fields).map((field) => `${name}.${field}`));
  expect(names).toEqual([...variables, 'now']);
  expect([...functions.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([...FUNCTIONS]);
});
