// Reads a function's log: lines whose fields have given values, within a time. A log may be long and a call of the control API may not:
// what could not be searched in time is told by a token, with which the search goes on.
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { LogPage } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';

export interface LogQuery {
  /** A line is found that has every field (name → value) of one of these. */
  readonly fields: ReadonlyArray<Readonly<Record<string, string>>>;
  /** Milliseconds since the epoch, both included. */
  readonly from: number;
  readonly to: number;
  /** At most so many, and 1,000 in any case. */
  readonly limit?: number;
  /** Of the page before. */
  readonly next?: string;
}

export interface FunctionLog {
  /** The oldest first. Throws ERR_STORE_UNAVAILABLE, or ERR_REQUEST_INVALID for a token that is none. */
  find(query: LogQuery): Promise<LogPage>;
}

/** The function has 25 s, and may search twice. */
const SEARCH_MS = 10_000;
/** More than this nobody reads, and an answer has 6 MB. */
const LINES_MAX = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 8_000;
const ATTEMPTS = 3;

export const createLogsClient = (): CloudWatchLogsClient =>
  new CloudWatchLogsClient({
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
  });

export interface FunctionLogPorts {
  readonly client: Pick<CloudWatchLogsClient, 'send'>;
  /** The name of the log group. */
  readonly group: string;
  readonly now: () => number;
}

export const createFunctionLog = ({ client, group, now }: FunctionLogPorts): FunctionLog => ({
  find: async ({ fields, from, to, next, limit = LINES_MAX }) => {
    const lines: Record<string, unknown>[] = [];
    const until = now() + SEARCH_MS;
    let token = next;
    do {
      const page = await ask(client, {
        logGroupName: group,
        filterPattern: patternOf(fields),
        startTime: from,
        endTime: to,
        nextToken: token,
        limit: limit - lines.length,
      });
      lines.push(...(page.events ?? []).flatMap(({ message = '' }) => parsed(message)));
      token = page.nextToken;
    } while (token !== undefined && lines.length < limit && now() < until);
    return { lines, next: token ?? null };
  },
});

/** CloudWatch's "filter pattern syntax": values in quotes, so that none can say more than a value. */
const patternOf = (fields: LogQuery['fields']): string => {
  const terms = fields.map((set) =>
    Object.entries(set)
      .map(([name, value]) => `$.${name} = ${quoted(value)}`)
      .join(' && '),
  );
  return `{ ${terms.map((term) => `(${term})`).join(' || ')} }`;
};

/** `*` stands for anything in a pattern, and cannot be escaped. */
const quoted = (value: string): string => {
  if (!/^[\w .:/@=+-]*$/.test(value)) throw new SallyportError('ERR_REQUEST_INVALID', `${JSON.stringify(value)} cannot be searched for.`);
  return `"${value}"`;
};

const ask = async (client: FunctionLogPorts['client'], input: FilterLogEventsCommand['input']) => {
  try {
    return await client.send(new FilterLogEventsCommand(input));
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'InvalidParameterException' && input.nextToken !== undefined)
      throw new SallyportError('ERR_REQUEST_INVALID', 'The search cannot go on from there: begin it anew.', { cause: error });
    throw new SallyportError('ERR_STORE_UNAVAILABLE', `The log ${input.logGroupName} cannot be read (${name}). Try again.`, {
      cause: error,
    });
  }
};

/** Lambda's own lines are no JSON of ours. */
const parsed = (message: string): Record<string, unknown>[] => {
  try {
    const line: unknown = JSON.parse(message);
    return typeof line === 'object' && line !== null && !Array.isArray(line) ? [line as Record<string, unknown>] : [];
  } catch {
    return [];
  }
};
