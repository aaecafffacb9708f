// FilterLogEvents: what a reader finds in a log group, a page at a time. A page may be empty though more follow, as on AWS.
import { z } from 'zod';
import { QUOTAS } from '../quotas.ts';
import { AwsError } from '../services.ts';
import { parseFilterPattern } from './filter-pattern.ts';

/** A line as the group keeps it. */
export interface LogEvent {
  /** Counts the lines of all groups. */
  readonly id: number;
  readonly stream: string;
  /** When it was written, milliseconds since the epoch. */
  readonly at: number;
  readonly line: string;
}

const { eventsPerPage, eventsPerScan } = QUOTAS.logs;

const inputShape = z.strictObject({
  logGroupName: z.string().min(1),
  logStreamNames: z.array(z.string()).min(1).max(100).optional(),
  logStreamNamePrefix: z.string().min(1).optional(),
  startTime: z.number().int().min(0).default(0),
  endTime: z.number().int().min(0).default(Number.MAX_SAFE_INTEGER),
  filterPattern: z.string().max(1024).default(''),
  nextToken: z.string().optional(),
  limit: z.number().int().min(1).max(eventsPerPage).default(eventsPerPage),
  interleaved: z.boolean().optional(),
});

export type FilterInput = z.output<typeof inputShape>;

/** Throws AwsError InvalidParameterException. Differs from AWS: groups are asked for by name only. */
export const readFilterInput = (input: unknown): FilterInput => {
  const parsed = inputShape.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') || 'The request'}: ${issue?.message}`);
  }
  if (parsed.data.logStreamNames && parsed.data.logStreamNamePrefix) {
    throw invalid('logStreamNames and logStreamNamePrefix are mutually exclusive.');
  }
  return parsed.data;
};

export const filterLogEvents = (events: readonly LogEvent[], input: FilterInput): object => {
  const matches = parseFilterPattern(input.filterPattern);
  const from = input.nextToken === undefined ? -1 : readToken(input.nextToken);
  const { startTime, endTime, limit, logStreamNames, logStreamNamePrefix = '' } = input;

  const found: LogEvent[] = [];
  let last = from;
  let scanned = 0;
  let more = false;
  for (const event of events) {
    if (event.id <= from || event.at < startTime || event.at > endTime) continue;
    if (logStreamNames ? !logStreamNames.includes(event.stream) : !event.stream.startsWith(logStreamNamePrefix)) continue;
    if (found.length === limit || scanned === eventsPerScan) {
      more = true;
      break;
    }
    scanned += 1;
    last = event.id;
    if (matches(event.line)) found.push(event);
  }
  return {
    events: found.map(({ id, stream, at, line }) => ({
      eventId: String(id).padStart(56, '0'),
      logStreamName: stream,
      timestamp: at,
      ingestionTime: at,
      message: line,
    })),
    searchedLogStreams: [],
    ...(more && { nextToken: Buffer.from(`after ${last}`).toString('base64url') }),
  };
};

const readToken = (token: string): number => {
  const [, id] = /^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (id === undefined) throw invalid('The specified nextToken is invalid.');
  return Number(id);
};

const invalid = (message: string): AwsError => new AwsError(400, 'InvalidParameterException', message);
