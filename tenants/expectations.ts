// Test cases of an application's policy: `expectations` of the tenant file. They are tried before the file takes effect, so that
// a change of the policy that does something else than was meant is refused.
import { z } from 'zod';
import type { Application } from '../lambdas/stores/records.ts';
import { type Asked, type Decision, decide } from '../policy/decide.ts';
import { evaluate } from '../policy/expression.ts';
import { isAddress } from '../policy/networks.ts';
import { type Facts, type Finding, WAYS } from '../policy/requirements.ts';
import { ConfigurationError, faultsOf, type LocatedFault, type Path, pathText } from './faults.ts';
import { choice, optional, readFlag, readLine, readLines, readSeconds, setting } from './settings.ts';

const OUTCOMES = ['allow', 'deny', 'step up'] as const;

export interface Expectation extends Omit<Asked, 'host'> {
  readonly facts: Facts;
  readonly decision: Decision['outcome'];
}

/** `GET /admin/`: a method, and a path below the external URL. */
const readRequest = (value: unknown): Omit<Asked, 'host'> | undefined => {
  const [, method, path] = typeof value === 'string' ? (/^([A-Z]{1,20}) (\/[\x21-\x22\x24-\x3e\x40-\x7e]*)$/.exec(value) ?? []) : [];
  return method === undefined || path === undefined ? undefined : { method, path };
};

const readMoment = (value: unknown): number | undefined => {
  const at = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
};

const claimText = (value: unknown): Readonly<Record<string, string>> | undefined =>
  typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string')
    ? (value as Readonly<Record<string, string>>)
    : undefined;

/** A Tuesday noon, so that a file's tests come out alike at any time. */
const AT_DEFAULT = Date.UTC(2026, 0, 6, 12);
const ADDRESS_DEFAULT = '192.0.2.1';

/** What is supposed of a user and a moment. */
const SITUATION = {
  user: optional<string | null>(null, 'a user name', 'Leave it out for nobody.', readLine(256)),
  groups: optional<readonly string[]>([], 'a list of groups', 'Leave it out for none.', readLines),
  email: optional('', 'an e-mail address', 'Leave it out where it is not known.', readLine(256)),
  claims: optional<Readonly<Record<string, string>>>({}, 'a map of claim to text', 'Leave it out for none.', claimText),
  address: optional(ADDRESS_DEFAULT, 'an IP address', `Leave it out for ${ADDRESS_DEFAULT}.`, (value) =>
    typeof value === 'string' && isAddress(value) ? value : undefined,
  ),
  country: optional<string | null>(null, 'a country of two capital letters', 'Leave it out where it is not known.', (value) =>
    typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? value : undefined,
  ),
  at: optional(AT_DEFAULT, 'a time in UTC, in quotes', 'Write for example "2026-01-06T12:00Z"; left out, it is that.', readMoment),
  mfa: optional(false, 'true or false', 'Leave it out for one factor.', readFlag),
  signedInAgo: optional(0, 'a time such as 15m', 'Leave it out for just now.', readSeconds(0, Number.MAX_SAFE_INTEGER)),
  by: choice(WAYS, 'Leave it out for a browser.'),
};

type Situation = { readonly [Name in keyof typeof SITUATION]: z.output<(typeof SITUATION)[Name]> };

const factsOf = ({ user, groups, email, claims, address, country, at, mfa, signedInAgo, by }: Situation): Facts => ({
  user: user === null ? null : { issuer: '', subject: '', name: '', amr: [], email, groups, claims, username: user },
  clientAddress: address,
  country,
  now: at,
  authenticatedAt: at - signedInAgo * 1000,
  mfa,
  by,
});

export const expectationList = z
  .array(
    z
      .strictObject(
        {
          request: setting('a method and a path', 'Write for example GET /admin/: the path is below the external URL.', readRequest),
          ...SITUATION,
          decision: setting(OUTCOMES.map((word) => `"${word}"`).join(' or '), 'Say what is to come out.', (value) =>
            OUTCOMES.find((word) => word === value),
          ),
        },
        { error: 'a map with request and decision' },
      )
      .transform(({ request, decision, ...situation }): Expectation => ({ ...request, facts: factsOf(situation), decision })),
    { error: 'a list of expectations' },
  )
  .max(200, { error: '200 expectations at most' })
  .default([]);

/** The facts of `why`: the same settings as those of an expectation. Throws ConfigurationError. */
export const parseSituation = (raw: unknown, source: string): Facts => {
  const read = z.strictObject(SITUATION, { error: 'a map of what is supposed' }).safeParse(raw);
  if (read.success) return factsOf(read.data);
  throw new ConfigurationError(source, faultsOf(read.error, raw));
};

/** What came out otherwise, with everything that was looked at. */
export const unmetExpectations = (application: Application, expectations: readonly Expectation[], at: Path): LocatedFault[] =>
  expectations.flatMap(({ method, path, facts, decision }, index) => {
    const asked = { method, host: application.host, path: application.path.slice(0, -1) + path };
    const came = decide(application, asked, facts, evaluate);
    if (came.outcome === decision) return [];
    const place = [...at, index];
    return [
      {
        at: place,
        path: pathText(place),
        expected: `“${decision}” for ${facts.user?.username ?? 'nobody'}, ${method} ${path}`,
        got: `“${came.outcome}” by ${came.rule}${explain(came)}`,
        advice: 'Correct the access, the conditions or the expectation.',
      },
    ];
  });

const explain = ({ examined }: Decision): string => {
  const missing = examined.flatMap(({ rule, findings, met }) => (met ? [] : findings.filter(({ holds }) => !holds).map(tell(rule))));
  return missing.length === 0 ? '' : ` (${missing.join('; ')})`;
};

const tell =
  (rule: string) =>
  ({ requirement, wanted, found }: Finding): string =>
    `${rule}: ${requirement} ${wanted}, but ${found}`;
