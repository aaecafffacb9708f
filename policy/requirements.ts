// What a condition may ask of a request, and whether each of it holds. Names are compared exactly: folding case or Unicode
// has let strangers in. What is not known does not hold.
import type { User } from '../lambdas/stores/records.ts';
import { type Hours, isWithinHours } from './hours.ts';
import { isWithin } from './networks.ts';

/** How the user has shown who they are. */
export const WAYS = ['browser', 'token', 'service'] as const;
export type Way = (typeof WAYS)[number];

/** What is there must hold, all of it. Users and groups are one question: to be named as either is enough. */
export interface Requirements {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  /** CIDR. */
  readonly networks?: readonly string[];
  /** ISO 3166-1, two capital letters. */
  readonly countries?: readonly string[];
  readonly hours?: Hours;
  readonly mfa?: true;
  /** The identity provider asked the user no longer ago. */
  readonly signedInWithinSeconds?: number;
  /** Claim → values, one of which it must have. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly by?: readonly Way[];
  /** An expression in the policy language. */
  readonly when?: string;
}

/** What is known of a request when it is decided on. */
export interface Facts {
  /** Null where nobody signs in. */
  readonly user: User | null;
  readonly clientAddress: string;
  /** Null when nobody that is believed tells it. */
  readonly country: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the identity provider last asked the user to show who they are; null when it is not known. */
  readonly authenticatedAt: number | null;
  readonly mfa: boolean;
  readonly by: Way;
}

export interface Finding {
  /** As the tenant file calls it. */
  readonly requirement: string;
  readonly holds: boolean;
  readonly wanted: string;
  readonly found: string;
  /** It turns on groups of the user that the provider left out. */
  readonly lacksGroups?: true;
}

export type Answer = Pick<Finding, 'holds' | 'found' | 'lacksGroups'>;

/** On which side it errs: what is required must be known to hold, what is refused must be known not to. */
export interface Side {
  readonly ask: (expression: string) => Answer;
  /** Whether a country, or a group, that is not known counts as one of those named. */
  readonly unknown: boolean;
}

export const GROUPS_LEFT_OUT = 'groups that the provider left out';

/** An assignment asks neither. */
const ASSIGNMENT: Side = { ask: () => ({ holds: false, found: 'nothing' }), unknown: false };

/** One finding for each requirement, in their own order. */
export const examine = (requirements: Requirements, facts: Facts, { ask, unknown }: Side = ASSIGNMENT): Finding[] => {
  const { users, groups, networks, countries, hours, mfa, signedInWithinSeconds, claims, by, when } = requirements;
  const findings: Finding[] = [];
  const find = (requirement: string, holds: boolean, wanted: string, found: string): void =>
    void findings.push({ requirement, holds, wanted, found });

  if (users || groups) {
    const requirement = users ? (groups ? 'users or groups' : 'users') : 'groups';
    const isKnown = isNamed(requirements, facts.user);
    const lacksGroups = !isKnown && facts.user?.groupsLeftOut === true && (groups ?? []).length > 0;
    findings.push({
      ...{ requirement, holds: lacksGroups ? unknown : isKnown, wanted: named(requirements), found: who(facts.user) },
      ...(lacksGroups ? { lacksGroups } : {}),
    });
  }
  if (networks) find('networks', isWithin(networks, facts.clientAddress), networks.join(', '), facts.clientAddress);
  if (countries)
    find(
      'countries',
      facts.country === null ? unknown : countries.includes(facts.country),
      countries.join(', '),
      facts.country ?? 'unknown',
    );
  if (hours) find('hours', isWithinHours(hours, facts.now), hoursText(hours), new Date(facts.now).toISOString());
  if (by) find('by', by.includes(facts.by), by.join(', '), facts.by);
  for (const [claim, values] of Object.entries(claims ?? {})) {
    const value = claimOf(facts.user, claim);
    find(`claims.${claim}`, value !== undefined && values.includes(value), values.join(', '), value ?? 'nothing');
  }
  if (when !== undefined) {
    findings.push({ requirement: 'when', wanted: when, ...ask(when) });
  }
  if (mfa) find('mfa', facts.mfa, 'a second factor', facts.mfa ? 'a second factor' : 'none');
  if (signedInWithinSeconds !== undefined) {
    const age = facts.authenticatedAt === null ? Number.POSITIVE_INFINITY : (facts.now - facts.authenticatedAt) / 1000;
    find(
      'signedInWithin',
      age <= signedInWithinSeconds,
      `${signedInWithinSeconds} s`,
      Number.isFinite(age) ? `${Math.round(age)} s` : 'unknown',
    );
  }
  return findings;
};

/** What a user can mend by showing once more who they are. */
export const isMendable = ({ requirement }: Finding): boolean => requirement === 'mfa' || requirement === 'signedInWithin';

/** Whether the user is meant, by name or by a group. */
export const isNamed = ({ users = [], groups = [] }: Pick<Requirements, 'users' | 'groups'>, user: User | null): boolean =>
  user !== null && (users.includes(user.username) || groups.some((group) => user.groups.includes(group)));

const named = ({ users = [], groups = [] }: Requirements): string => [...users, ...groups].join(', ');

const who = (user: User | null): string =>
  user === null ? 'nobody' : [user.username, ...user.groups, ...(user.groupsLeftOut ? [GROUPS_LEFT_OUT] : [])].join(', ');

const claimOf = (user: User | null, claim: string): string | undefined =>
  user !== null && Object.hasOwn(user.claims, claim) ? user.claims[claim] : undefined;

const hoursText = ({ days, from, to, zone }: Hours): string => `${days.join(' ')} ${from}–${to} ${zone}`;
