// An exchange's story from the router's log lines: when each step was reached, what the connector measured, how it ended.
import { isErrorCode, SallyportError } from '../protocol/errors.ts';

export type LogLine = Readonly<Record<string, unknown>>;

interface Step {
  /** Milliseconds since the request came in. */
  readonly at: number;
  readonly text: string;
}

/** The line with which the router ends a request. */
const ENDS: ReadonlySet<unknown> = new Set([
  'exchange.finished',
  'exchange.failed',
  'exchange.refused',
  'request.answered',
  'request.refused',
  'request.failed',
  'portal.failed',
]);
const RETRIED = 'exchange.retried';
/** Fields that the story tells in its own words, or that every line has. */
const TOLD: ReadonlySet<string> = new Set(['time', 'level', 'event', 'tenant', 'function', 'request', 'requestId', 'exchange', 'ms']);

const ANSWERS: Readonly<Record<string, string>> = {
  reserved: 'one of our own pages below /.sallyport/',
  slash: 'a redirect to the same address with its final slash',
  'sign-in': 'sent to sign in',
  'step-up': 'sent to show more first',
  preflight: 'a script of another site may go on',
  robots: 'crawlers are turned away',
  maintenance: 'the application is under maintenance',
};

/** `lines` are all of one request, the oldest first. */
export const describeExchange = (lines: readonly LogLine[]): string[] => {
  const end = lines.findLast(({ event }) => ENDS.has(event));
  const told = end ?? lines.findLast(({ event }) => event === RETRIED) ?? lines[0]!;
  const receivedAt = timeOf(told) - (numberOf(told.ms) ?? 0);
  const { method, host, path, application, user } = told;

  const steps: Step[] = [
    { at: 0, text: ['the request came in', method !== undefined && `: ${method} ${host ?? path ?? ''}`].filter(Boolean).join('') },
    ...lines.flatMap((line) => {
      // What a page's links are has its own command.
      if (line === end || line.event === 'links.found') return [];
      return line.event === RETRIED ? attempt(line, 'another connector is asked') : [otherwise(line, receivedAt)];
    }),
    ...(end === undefined ? [] : ending(end)),
  ];
  return [
    `Request ${told.request ?? told.requestId}${told.function === 'router' || told.function === undefined ? '' : ` at the function ${told.function}`}${application === undefined ? '' : ` for application ${application}`}${user === undefined ? '' : `, user ${user}`}`,
    summary(end),
    '',
    ...steps.toSorted((one, other) => one.at - other.at).map((step, index) => describeStep(step, index, receivedAt)),
  ];
};

const describeStep = ({ at, text }: Step, index: number, receivedAt: number): string => {
  const when = index === 0 ? new Date(receivedAt).toISOString() : `+${at} ms`;
  return `${when.padStart(24)}  ${text}`;
};

const summary = (end: LogLine | undefined): string => {
  if (end === undefined) {
    return 'It has no end in the log: it is still running, or its function was ended (look for “Task timed out” at that time).';
  }
  const { code, status, ms, hop } = end;
  if (!isErrorCode(code)) return `Answered with ${status} in ${ms} ms.`;
  return `Failed ${ms === undefined ? '' : `after ${ms} ms `}with ${code} (${[status, hop].filter(Boolean).join(', ')}): docs/errors.md has what to do.`;
};

/** The passes, the exchange and the end, as one line of the log has them. */
const ending = (end: LogLine): Step[] => {
  const { event, application, user, answer, status, bytes } = end;
  const at = numberOf(end.ms) ?? 0;
  const passes = [
    step(end.resolved, `its application was found: ${application}`),
    step(end.admitted, user === undefined ? 'let in without signing in' : `let in as ${user}`),
  ].flat();
  if (event === 'request.answered') return [...passes, { at, text: `answered ${status}: ${ANSWERS[String(answer)] ?? answer}` }];
  if (event === 'exchange.finished') return [...passes, ...course(end), { at, text: `finished: ${status}, body of ${bytes} bytes` }];
  return [...passes, ...attempt(end, null)];
};

/** An exchange that failed. */
const attempt = (line: LogLine, consequence: string | null): Step[] => [
  ...course(line),
  { at: numberOf(line.ms) ?? 0, text: `failed: ${line.error ?? line.code}${consequence === null ? '' : `; ${consequence}`}` },
];

const course = (line: LogLine): Step[] => {
  const { connector, tunnel, exchange } = line;
  return [
    ...step(line.posted, `posted to tunnel ${tunnel} of connector ${connector}, as exchange ${exchange}`),
    ...premises(line),
    ...step(line.head, `the head is here: ${line.status ?? 'none was taken'}`),
    ...step(line.firstByte, 'the first byte of the body is here'),
  ];
};

/** The connector's clock is not the router's: what it measured is put between the post and what was heard after it. */
const premises = ({ premises: timings, posted, head, firstByte, ms }: LogLine): Step[] => {
  if (typeof timings !== 'object' || timings === null) return [];
  const { verified, connected, answered, sent } = timings as LogLine;
  const heard = numberOf(head) ?? numberOf(firstByte) ?? numberOf(ms) ?? 0;
  const from = Math.max(
    numberOf(posted) ?? 0,
    Math.min((numberOf(posted) ?? 0) + (numberOf(verified) ?? 0), heard - (numberOf(sent) ?? 0)),
  );
  const since = (value: unknown): number | undefined => (typeof value === 'number' ? from + value : undefined);
  return [
    ...step(from, '  at the connector: found genuine'),
    ...step(since(connected), '  at the connector: connected to the origin'),
    ...step(since(answered), '  at the connector: the origin has answered'),
    ...step(since(sent), `  at the connector: ${answered === undefined ? 'reported that it failed' : 'sent the answer on'}`),
  ];
};

/** A line that this story has no words for. */
const otherwise = (line: LogLine, receivedAt: number): Step => {
  const fields = Object.entries(line).filter(([name]) => !TOLD.has(name));
  return {
    at: Math.max(0, timeOf(line) - receivedAt),
    text: [line.event, ...fields.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)].join(' '),
  };
};

const step = (at: unknown, text: string): Step[] => (typeof at === 'number' ? [{ at, text }] : []);

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const timeOf = ({ time }: LogLine): number => {
  const at = Date.parse(String(time));
  if (Number.isNaN(at)) throw new SallyportError('ERR_CONTROL_UNREACHABLE', 'The control API answered with a log line that has no time.');
  return at;
};
