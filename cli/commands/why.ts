// `sallyport why USER METHOD URL`: what the router would decide and by which rule, asked of the deployment itself.
import type { DecisionReport } from '../../protocol/control.ts';
import type { ControlClient } from '../control-client.ts';

export interface WhyOptions {
  readonly group?: readonly string[];
  /** `name=value` */
  readonly claim?: readonly string[];
  readonly email?: string;
  readonly address?: string;
  readonly country?: string;
  readonly at?: string;
  readonly mfa?: boolean;
  readonly 'signed-in-ago'?: string;
  readonly by?: string;
  /** The user as this session knows them: its id, or `last`. */
  readonly session?: string;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/;

/** What a session tells by itself. */
const OF_SESSION = ['group', 'claim', 'email', 'mfa', 'signed-in-ago'] as const;

export const whyFault = (options: WhyOptions): string | null => {
  const { claim = [], at } = options;
  const nameless = claim.find((pair) => pair.indexOf('=') < 1);
  if (nameless !== undefined) return `--claim expects NAME=VALUE, and got ${nameless}.`;
  if (at !== undefined && !MOMENT.test(at))
    return `--at expects a time in UTC such as 2026-01-06T12:00Z, and got ${at}; left out, it is now.`;
  const given = OF_SESSION.filter((name) => options[name] !== undefined);
  if (options.session === undefined || given.length === 0) return null;
  return `why takes --session, or ${given.map((name) => `--${name}`).join(' and ')}: the session says it already.`;
};

export const why = async (
  client: ControlClient,
  [user = '', method = '', url = '']: readonly string[],
  { group = [], claim = [], at, 'signed-in-ago': signedInAgo, session, ...rest }: WhyOptions,
  say: (line: string) => void,
  now: number,
): Promise<void> => {
  const claims = Object.fromEntries(claim.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const situation = { ...rest, user, groups: group, claims, at: at ?? moment(now), ...(signedInAgo === undefined ? {} : { signedInAgo }) };
  for (const line of describe(await client.decide(method, url, situation, session ?? null), user)) say(line);
};

const moment = (now: number): string => `${new Date(now).toISOString().slice(0, 19)}Z`;

const whence = (session: number | null): string =>
  session === null
    ? ', as the options say; a real request has those of the user’s session (--session last)'
    : `, of the session of ${moment(session)}`;

const OUTCOMES = { allow: 'allowed', deny: 'denied', 'step up': 'asked to show more first' } as const;

const describe = ({ application, request, outcome, rule, examined, supposed }: DecisionReport, user: string): string[] => [
  `${user}, ${request.method} ${request.host}${request.path}: ${OUTCOMES[outcome]}${outcome === 'allow' ? '' : `, by “${rule}”`}.`,
  `Groups: ${supposed.groups.join(', ') || 'none'}${whence(supposed.session)}.`,
  `Application ${application}:`,
  ...examined.flatMap(({ rule: name, met, findings }) => [
    `  ${met ? 'met    ' : 'not met'}  ${name}`,
    ...findings.map(
      ({ requirement, holds, wanted, found }) => `             ${holds ? 'yes' : 'no '}  ${requirement}: ${wanted} (is: ${found})`,
    ),
  ]),
];
