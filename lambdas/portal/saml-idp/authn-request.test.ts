// What every SAML message begins with: for us, new, of this version, and named so that its answer can name it.
import { describe, expect, test } from '@jest/globals';
import { checkHead } from './authn-request.ts';
import { parse } from './message.ts';

const NOW = Date.UTC(2027, 0, 15);
const MINUTE_MS = 60_000;
const DESTINATION = 'https://portal.example.com/saml/idp/sso';
const instant = (at: number): string => new Date(at).toISOString();

interface Head {
  readonly ID?: string;
  readonly Version?: string;
  readonly IssueInstant?: string;
  readonly Destination?: string;
}

/** `believed`, or why not. */
const outcome = async (changes: Head = {}, signed = true): Promise<string> => {
  const head: Head = { ID: '_1', Version: '2.0', IssueInstant: instant(NOW), Destination: DESTINATION, ...changes };
  const attributes = Object.entries(head).filter(([, value]) => value !== undefined);
  const root = await parse(`<Request ${attributes.map(([name, value]) => `${name}="${value}"`).join(' ')}/>`);
  try {
    checkHead(root, { destination: DESTINATION, signed, now: NOW });
    return 'believed';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a message as it should be is believed, with a minute’s difference of clocks', async () => {
  expect(await outcome()).toBe('believed');
});

describe('when it was written', () => {
  test.each([
    ['a minute ahead', MINUTE_MS, true],
    ['more than that', MINUTE_MS + 1, false],
    ['ten minutes ago, and the difference', -11 * MINUTE_MS + 1, true],
    ['that, to the millisecond', -11 * MINUTE_MS, false],
  ])('%s', async (_, offset, isGood) => {
    expect(await outcome({ IssueInstant: instant(NOW + offset) })).toMatch(isGood ? /^believed$/ : /IssueInstant/);
  });

  test.each([
    undefined,
    '',
    'now',
    '2027-01-15',
    '2027-01-15T00:00:00',
    '2027-01-15T00:00:00+00:00',
    '2027-01-15T00:00:00Zx',
    'x2027-01-15T00:00:00Z',
  ])('%j is no time in UTC', async (IssueInstant) => {
    expect(await outcome({ IssueInstant })).toMatch(/IssueInstant/);
  });

  test.each(['2027-01-15T00:00:00Z', '2027-01-15T00:00:00.000Z', '2027-01-15T00:00:00.123456Z'])('%s is one', async (IssueInstant) => {
    expect(await outcome({ IssueInstant })).toBe('believed');
  });
});

describe('its ID', () => {
  test.each(['a', 'Z', '_', '_a-b.c9', `_${'x'.repeat(255)}`])('%s', async (ID) => {
    expect(await outcome({ ID })).toBe('believed');
  });

  test.each([undefined, '', '1a', '-a', '.a', 'a b', 'a:b', 'é', `_${'x'.repeat(256)}`])('is not %j', async (ID) => {
    expect(await outcome({ ID })).toMatch(/its ID is none/);
  });
});

test.each([undefined, '', '1.1', '2.0 ', '2'])('its version is not %j', async (Version) => {
  expect(await outcome({ Version })).toMatch(/version is not 2.0/);
});

describe('where it was sent', () => {
  test('is here, and must be said of what is signed', async () => {
    expect([await outcome({ Destination: undefined }, false), await outcome({}, false)]).toEqual(['believed', 'believed']);
    expect(await outcome({ Destination: undefined }, true)).toMatch(/Destination/);
  });

  test.each([
    `${DESTINATION}/`,
    `${DESTINATION}?x`,
    'https://portal.example.com/saml/idp/slo',
    DESTINATION.toUpperCase(),
    DESTINATION.slice(0, -1),
  ])('is not %s, signed or not', async (Destination) => {
    expect(await outcome({ Destination }, true)).toMatch(/Destination/);
    expect(await outcome({ Destination }, false)).toMatch(/Destination/);
  });
});
