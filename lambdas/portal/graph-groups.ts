// Entra ID leaves the groups out of its tokens when a user has too many (some 200). Where the tenant file says `groupsFrom: graph`, they are
// asked for at Microsoft Graph, with the user's own access token and scope User.Read: ids of groups, nested ones too.
import type { Configuration } from 'openid-client';
import type { Log } from '../../protocol/log.ts';
import type { ProviderProfile } from '../identity/provider-profile.ts';
import { groupsAreElsewhere } from '../identity/user-claims.ts';
import type { Claims } from './ports.ts';

export interface GraphOptions {
  readonly profile: Pick<ProviderProfile, 'claims'>;
  readonly groupsFrom: 'claims' | 'graph';
  readonly log: Log;
  /** For all pages together: the sign-in stays below API Gateway's 30 s. */
  readonly graphDeadlineMs?: number;
}

const DEADLINE_MS = 5_000;
/** The most that Graph gives at once. */
const PAGE_SIZE = 999;
/** 36 characters each: what a session's record holds with room to spare (DynamoDB items have 400 KB). */
const GROUPS_MAX = 5_000;

/** The claims with the groups that are elsewhere; without them, and still saying so, when they cannot be had whole. */
export const withGroups = async (
  claims: Claims,
  config: Pick<Configuration, 'serverMetadata'>,
  accessToken: string,
  { profile, groupsFrom, log, graphDeadlineMs = DEADLINE_MS }: GraphOptions,
): Promise<Claims> => {
  const { groups } = profile.claims;
  const { userinfo_endpoint: userInfo } = config.serverMetadata();
  if (groupsFrom !== 'graph' || !groupsAreElsewhere(claims, profile.claims) || userInfo === undefined) return claims;
  try {
    // Entra's userinfo is Graph's own, in each of its clouds: the access token is for that host, and goes to no other.
    const found = await fetchGroups(new URL(userInfo).origin, accessToken, AbortSignal.timeout(graphDeadlineMs));
    const { _claim_names: _elsewhere, hasgroups: _has, ...rest } = claims;
    return { ...rest, [groups]: found };
  } catch (error) {
    log.warn('sign-in.no-groups-from-graph', { error, advice: 'Add User.Read to the provider’s scopes, and consent to it in Entra ID.' });
    return claims;
  }
};

const fetchGroups = async (origin: string, accessToken: string, signal: AbortSignal): Promise<string[]> => {
  const found: string[] = [];
  let next: string | undefined = `${origin}/v1.0/me/transitiveMemberOf?$select=id&$top=${PAGE_SIZE}`;
  while (next !== undefined) {
    if (new URL(next).origin !== origin) throw new Error('Graph’s next page is on another host');
    const response: Response = await fetch(next, { headers: { authorization: `Bearer ${accessToken}` }, signal, redirect: 'error' });
    if (!response.ok) throw new Error(`Graph answered ${response.status}`);
    const page = readPage(await response.json());
    found.push(...page.groups);
    if (found.length > GROUPS_MAX) throw new Error(`the user is in more than ${GROUPS_MAX} groups`);
    next = page.next;
  }
  return found;
};

/** Roles and administrative units are members' containers too, and no groups. */
const readPage = (page: unknown): { readonly groups: string[]; readonly next: string | undefined } => {
  const { value, '@odata.nextLink': next } = (page ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(value) || (next !== undefined && typeof next !== 'string'))
    throw new Error('Graph answered something else than a list');
  const groups = value.filter((entry) => entry?.['@odata.type'] === '#microsoft.graph.group').map(({ id }) => id);
  if (groups.every((id) => typeof id === 'string')) return { groups, next };
  throw new Error('Graph named a group without an id');
};
