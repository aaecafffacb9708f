// One JSON line per event. Field names are the glossary's; never a header, a cookie, a query value or a secret.
import type { AuditFact } from './audit.ts';
import { SallyportError } from './errors.ts';
import { toOcsf } from './ocsf.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>> & {
  /** Makes this line an event of the audit. */
  readonly audit?: AuditFact;
};

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with these fields in every line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly write?: (line: string) => void;
  readonly now?: () => number;
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export const createLog = ({ write = toStdout, now = Date.now, level: least = 'info', fields: common = {} }: LogOptions = {}): Log => {
  const line =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (ORDER.indexOf(level) < ORDER.indexOf(least)) return;
      const at = now();
      write(JSON.stringify({ time: new Date(at).toISOString(), level, event, ...audited({ ...common, ...described(fields) }, at) }));
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: (fields) => createLog({ write, now, level: least, fields: { ...common, ...fields } }),
  };
};

const toStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** An Error under `error` becomes its code and messages, down its chain of causes. */
const described = (fields: LogFields): LogFields => ('error' in fields ? { ...fields, ...describeError(fields.error) } : fields);

/** A fact under `audit` becomes its kind, whom and what it is about as every line says it, and an event that other tools can read. */
const audited = ({ audit, ...line }: LogFields, at: number): Readonly<Record<string, unknown>> => {
  if (audit === undefined) return line;
  const { user, application } = { user: undefined, application: undefined, ...audit };
  return { ...line, ...(user && { user }), ...(application && { application }), audit: audit.kind, ocsf: toOcsf(audit, at, line) };
};

const describeError = (error: unknown): LogFields => ({
  code: error instanceof SallyportError ? error.code : undefined,
  error: [...messages(error)].join(' \u2190 '),
});

function* messages(error: unknown): Generator<string> {
  for (let at: unknown = error, depth = 0; at !== undefined && depth < 5; depth += 1) {
    yield at instanceof Error ? `${at.name}: ${at.message}` : String(at);
    at = at instanceof Error ? at.cause : undefined;
  }
}
