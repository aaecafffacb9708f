// `sallyport audit`: who got in or was refused, and what administrators changed, from the functions' logs; the newest last.
import { AUDIT_KINDS } from '../../protocol/audit.ts';
import { EXCHANGES } from '../../protocol/control.ts';
import { readSeconds } from '../../tenants/settings.ts';
import type { AuditFilter, ControlClient } from '../control-client.ts';
import { table } from '../table.ts';

type Line = Readonly<Record<string, unknown>>;

export interface AuditOptions {
  readonly user?: string;
  readonly application?: readonly string[];
  readonly kind?: string;
  readonly since?: string;
  readonly json?: boolean;
}

const KINDS: readonly string[] = [...AUDIT_KINDS, EXCHANGES];
const SINCE_DEFAULT = '1h';
/** Logs are kept for three months. */
const readSince = readSeconds(1, 90 * 86_400);

/** What is wrong with how the command was called; null when nothing is. */
export const auditFault = ({ kind, since = SINCE_DEFAULT, application = [] }: AuditOptions): string | null => {
  if (kind !== undefined && !KINDS.includes(kind)) return `--kind expects one of ${KINDS.join(', ')}, and got ${kind}.`;
  if (readSince(since) === undefined) return `--since expects a time such as 30m, 12h or 7d, 90d at most, and got ${since}.`;
  return application.length > 1 ? 'audit takes one --application.' : null;
};

/** Called rightly, as `auditFault` has it. */
export const audit = async (
  client: ControlClient,
  { user, application, kind, since = SINCE_DEFAULT, json = false }: AuditOptions,
  say: (line: string) => void,
  now: number,
): Promise<void> => {
  const filter = { ...(kind && { kind }), ...(user && { user }), ...(application && { application: application[0]! }) };
  const lines = await search(client, filter, now - readSince(since)! * 1000, now);
  if (json) for (const line of lines) say(JSON.stringify(line));
  else if (lines.length === 0) say(`Nothing of the kind in the last ${since}. Lines come up to a minute late.`);
  else for (const row of table(['time', 'kind', 'outcome', 'user', 'about', 'address', 'why'], lines.map(cells))) say(row);
};

/** The logs are searched side by side, so pages overlap in time: what is shown is put in order once all is here. */
const search = async (client: ControlClient, filter: AuditFilter, from: number, to: number): Promise<readonly Line[]> => {
  const lines: Line[] = [];
  let next: string | null = null;
  do {
    const page = await client.audit(filter, { from, to, next });
    lines.push(...page.lines);
    next = page.next;
  } while (next !== null);
  return lines.sort((one, other) => text(one.time).localeCompare(text(other.time)));
};

const cells = (line: Line): string[] => [
  text(line.time),
  text(line.audit ?? EXCHANGES),
  outcome(line),
  text(line.user ?? line.administrator ?? line.connector ?? at(line, 'user', 'name')),
  about(line),
  text(line.address),
  text(at(line, 'policy', 'name') ?? line.code),
];

const FAILURE = 2;
const CHALLENGE = 23;

const outcome = (line: Line): string => {
  if (line.ocsf === undefined) return text(line.status);
  if (at(line, 'disposition_id') === CHALLENGE) return 'asked for more';
  if (at(line, 'status_id') !== FAILURE) return 'done';
  return line.audit === 'decision' || line.audit === 'refusal' || line.audit === 'limit' ? 'refused' : 'failed';
};

const about = (line: Line): string => {
  const { method, application } = line;
  const url = at(line, 'http_request', 'url', 'path');
  if (url !== undefined) return `${text(method)} ${text(at(line, 'http_request', 'url', 'hostname'))}${text(url)}`;
  const entity = at(line, 'entity', 'type');
  if (entity !== undefined)
    return `${text(entity)} ${text(at(line, 'entity', 'name'))} ${ACTIVITIES[Number(at(line, 'activity_id'))] ?? ''}`.trim();
  return text(at(line, 'api', 'operation') ?? at(line, 'dst_endpoint', 'hostname') ?? application);
};

/** Entity Management's activity_id. */
const ACTIVITIES: Readonly<Record<number, string>> = { 1: 'made', 3: 'changed', 4: 'ended', 6: 'enrolled', 7: 'removed' };

/** An attribute of the line's OCSF event. */
const at = (line: Line, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Line)[name] : undefined), line.ocsf);

/** A log line holds what strangers sent: nothing of it may steer a terminal. */
const text = (value: unknown): string => String(value ?? '').replaceAll(/\p{Cc}/gu, '�');
