// `GET /control/audit`: what the functions' logs tell of sign-ins, refusals and changes. All logs are searched side by side, each a page
// at a time; the token for the next page holds where each of them goes on.
import { AUDIT_KINDS } from '../../protocol/audit.ts';
import { EXCHANGES, type LogPage } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { OCSF_PRODUCT } from '../../protocol/ocsf.ts';
import { readTime } from './exchange-log.ts';
import type { FunctionLog, LogQuery } from './function-log.ts';

export interface AuditPorts {
  readonly routerLog: FunctionLog;
  /** Of the other functions, always in the same order. */
  readonly otherLogs: readonly FunctionLog[];
}

/** An event may have 4 KB; an answer of the function 6 MB. */
const LINES_MAX = 1_000;

/** Throws ERR_REQUEST_INVALID, ERR_STORE_UNAVAILABLE. */
export const findAudit = async ({ routerLog, otherLogs }: AuditPorts, query: URLSearchParams): Promise<LogPage> => {
  const kind = readKind(query);
  const logs = kind === EXCHANGES ? [routerLog] : [routerLog, ...otherLogs];
  const search = {
    fields: fieldsOf(kind, query),
    from: readTime(query, 'from'),
    to: readTime(query, 'to'),
    limit: Math.floor(LINES_MAX / logs.length),
  };

  const places = readPlaces(query.get('next'), logs.length);
  const pages = await Promise.all(
    logs.map(async (log, index): Promise<LogPage> => {
      const next = places[index];
      return next === null ? { lines: [], next } : log.find({ ...search, next });
    }),
  );
  return {
    lines: pages.flatMap(({ lines }) => lines).sort((one, other) => String(one.time).localeCompare(String(other.time))),
    next: pages.every(({ next }) => next === null) ? null : writePlaces(pages.map(({ next }) => next)),
  };
};

const readKind = (query: URLSearchParams): string | null => {
  const kind = query.get('kind');
  if (kind === null || kind === EXCHANGES || AUDIT_KINDS.some((known) => known === kind)) return kind;
  throw new SallyportError('ERR_REQUEST_INVALID', `${kind} is no kind of event: ${[...AUDIT_KINDS, EXCHANGES].join(', ')}.`);
};

/** A user is whom an event is about, or the administrator who did it. */
const fieldsOf = (kind: string | null, query: URLSearchParams): LogQuery['fields'] => {
  const [user, application] = [query.get('user'), query.get('application')];
  const about: Readonly<Record<string, string>> = application === null ? {} : { application };
  if (kind === EXCHANGES) {
    return ['exchange.finished', 'exchange.failed'].map((event) => ({ event, ...about, ...(user !== null && { user }) }));
  }
  const all: Readonly<Record<string, string>> = {
    ...(kind === null ? { 'ocsf.metadata.product.name': OCSF_PRODUCT } : { audit: kind }),
    ...about,
  };
  return user === null
    ? [all]
    : [
        { ...all, user },
        { ...all, administrator: user },
      ];
};

type Places = ReadonlyArray<string | null | undefined>;

const writePlaces = (places: Places): string => Buffer.from(JSON.stringify(places)).toString('base64url');

const readPlaces = (text: string | null, logs: number): Places => {
  if (text === null) return [];
  try {
    const places: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(places) && places.length === logs && places.every((place) => place === null || typeof place === 'string')) {
      return places;
    }
  } catch {
    // Said below.
  }
  throw new SallyportError('ERR_REQUEST_INVALID', 'The search cannot go on from there: begin it anew.');
};
