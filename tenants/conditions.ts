// Conditions on the use of an application: `conditions` of the tenant file. Each has a scope, and what must or must not be the case.
import { z } from 'zod';
import type { Condition } from '../policy/condition.ts';
import { expressionFault } from '../policy/expression.ts';
import { DAYS, type Day, isZone } from '../policy/hours.ts';
import { isNetwork } from '../policy/networks.ts';
import { type Requirements, WAYS, type Way } from '../policy/requirements.ts';
import { isMap } from './faults.ts';
import { optional, readLine, readLines, readSeconds, setting } from './settings.ts';

const CONDITIONS_MAX = 50;
/** Less could pass while the user comes back from the identity provider, and send them there again. */
const AGE_MIN_SECONDS = 60;
const AGE_MAX_SECONDS = 7 * 86_400;

const filledList =
  <Entry extends string>(fits: (entry: string) => boolean) =>
  (value: unknown): readonly Entry[] | undefined =>
    Array.isArray(value) && value.length > 0 && value.length <= 200 && value.every((entry) => typeof entry === 'string' && fits(entry))
      ? [...new Set(value as Entry[])]
      : undefined;

/** A whole path prefix in characters that every server reads in one way. */
const isPrefix = (text: string): boolean => /^\/(?:(?!\.{1,2}\/)[A-Za-z0-9._~-]+\/)*$/.test(text);

const readTime = (value: unknown): string | undefined =>
  typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(value) ? value : undefined;

/** `[mon, tue]`, or a span: `mon-fri`. */
const readDays = (value: unknown): readonly Day[] | undefined => {
  const [, from, to] = typeof value === 'string' ? (/^([a-z]{3})-([a-z]{3})$/.exec(value) ?? []) : [];
  if (from === undefined) return filledList<Day>((day) => DAYS.includes(day as Day))(value);
  const [first, last] = [DAYS.indexOf(from as Day), DAYS.indexOf(to as Day)];
  return first < 0 || last < first ? undefined : DAYS.slice(first, last + 1);
};

const hours = z.strictObject(
  {
    days: optional<readonly Day[]>(DAYS, 'days such as mon-fri, or a list of them', 'Write mon, tue, wed, thu, fri, sat, sun.', readDays),
    from: setting('a time as "08:00", in quotes', 'YAML takes it for a number without quotes.', readTime),
    to: setting('a time as "18:00", in quotes', 'A time before `from` is that of the next day.', readTime),
    zone: setting('a time zone', 'Write its IANA name, for example Europe/Berlin.', (value) =>
      typeof value === 'string' && isZone(value) ? value : undefined,
    ),
  },
  { error: 'a map with from, to and zone' },
);

const nonEmptyLines = (value: unknown): readonly string[] | undefined => {
  const lines = readLines(value);
  return lines === undefined || lines.length === 0 ? undefined : lines;
};

const claimValues = (claims: readonly string[]) =>
  setting(
    'a map of claim to values',
    `Write for example { department: [hr] }; a claim must be named under identityProviders[].claims.further.`,
    (value): Readonly<Record<string, readonly string[]>> | undefined => {
      if (!isMap(value) || Object.keys(value).length === 0) return undefined;
      const entries = Object.entries(value).map(
        ([claim, values]) => [claim, nonEmptyLines(typeof values === 'string' ? [values] : values)] as const,
      );
      const known = entries.every(([claim, values]) => claims.includes(claim) && values !== undefined);
      return known ? (Object.fromEntries(entries) as Record<string, readonly string[]>) : undefined;
    },
  );

/** `claims` as above. */
const expression = (claims: readonly string[]) =>
  z.unknown().transform((value, context): string => {
    const fault = typeof value === 'string' ? expressionFault(value, claims) : 'no text';
    if (fault === null) return value as string;
    const advice = 'docs/configuration.md has a section on expressions; quote the whole of it, for example with > on a line of its own.';
    context.addIssue({ code: 'custom', message: `an expression in CEL (${fault})`, params: { advice } });
    return z.NEVER;
  });

/** Exported so that a test compares docs/configuration.md with it. */
export const requirementsSchema = (claims: readonly string[]) =>
  z
    .strictObject(
      {
        users: setting('a list of user names', 'Leave it out to name nobody.', nonEmptyLines).optional(),
        groups: setting('a list of groups', 'Leave it out to name none.', nonEmptyLines).optional(),
        networks: setting(
          'a list of networks',
          'Write them in CIDR form, for example [203.0.113.0/24, "2001:db8::/32"].',
          filledList(isNetwork),
        ).optional(),
        countries: setting(
          'a list of countries, each of two capital letters',
          'Write their ISO 3166-1 codes in quotes, for example ["DE", "NO"]: YAML takes some of them for other things.',
          filledList((country) => /^[A-Z]{2}$/.test(country)),
        ).optional(),
        hours: hours.optional(),
        mfa: setting('true', 'Leave it out where one factor is enough.', (value): true | undefined =>
          value === true ? value : undefined,
        ).optional(),
        signedInWithin: setting(
          'a time such as 15m, from 1m to 7d',
          'Write it in s, m, h or d.',
          readSeconds(AGE_MIN_SECONDS, AGE_MAX_SECONDS),
        ).optional(),
        claims: claimValues(claims).optional(),
        by: setting(
          `a list of ${WAYS.join(', ')}`,
          'Leave it out to take every way.',
          filledList<Way>((way) => WAYS.includes(way as Way)),
        ).optional(),
        when: expression(claims).optional(),
      },
      { error: 'a map of what must hold' },
    )
    .transform(({ signedInWithin, ...rest }): Requirements => {
      const held = { ...rest, ...(signedInWithin === undefined ? {} : { signedInWithinSeconds: signedInWithin }) };
      return Object.fromEntries(Object.entries(held).filter(([, value]) => value !== undefined));
    });

/** One setting in the documents' table: what may stand in it has a table of its own. */
const requirements = (claims: readonly string[]) => {
  const schema = requirementsSchema(claims);
  return z.unknown().transform((value, context): Requirements => {
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    for (const issue of read.error.issues) context.addIssue({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  });
};

/** `claims` are the further claims that the tenant file names. */
export const conditionList = (claims: readonly string[]) =>
  z
    .array(
      z
        .strictObject(
          {
            name: setting('a name of 100 characters at most', 'It is shown wherever the condition decides.', readLine(100)),
            paths: optional<readonly string[]>(
              [],
              'a list of path prefixes',
              'Write them below the external URL with a slash at both ends, for example [/admin/]; leave it out for all of it.',
              filledList(isPrefix),
            ),
            methods: optional<readonly string[]>(
              [],
              'a list of methods in capitals',
              'Leave it out for all of them.',
              filledList((method) => /^[A-Z]{1,20}$/.test(method)),
            ),
            require: requirements(claims).optional(),
            refuse: requirements(claims).optional(),
          },
          { error: 'a map with name, and require or refuse' },
        )
        .refine(({ require, refuse }) => require !== undefined || refuse !== undefined, {
          error: 'require or refuse',
          params: { advice: 'Say what must hold, or whom to refuse; refuse: {} refuses everyone.' },
        })
        .refine(({ require }) => require === undefined || Object.keys(require).length > 0, {
          error: 'something that is required',
          path: ['require'],
          params: { advice: 'Leave it out, or say what must hold.' },
        })
        .transform(({ require = null, refuse = null, ...rest }): Condition => ({ ...rest, require, refuse })),
      { error: 'a list of conditions' },
    )
    .max(CONDITIONS_MAX, { error: `${CONDITIONS_MAX} conditions at most` })
    .default([]);
