// How often a source may try: counted by address in windows of five minutes. Beginnings of sign-ins are counted each; of tokens, codes
// and enrolments the refused ones only, so whoever brings a good one is never held up by a neighbour, and costs no database operation.
// None can be guessed (256 random bits), so this is against noise and its cost: a store that is down lets attempts pass uncounted.
import { SallyportError } from '../../protocol/errors.ts';
import { ATTEMPT_LIMITS, ATTEMPT_WINDOW_MS, type AttemptKind } from '../../protocol/limits.ts';
import type { Log } from '../../protocol/log.ts';
import type { CountAttempt } from '../stores/attempts.ts';
import { sourceOf } from './source.ts';

export interface Attempt {
  /** As API Gateway saw it. */
  readonly address: string;
  readonly method: string;
  readonly path: string;
}

export interface SourceLimits {
  /** Counts an attempt. Throws ERR_RATE_LIMITED when there were too many. */
  attempt(kind: AttemptKind, attempt: Attempt, log: Log): Promise<void>;
  /** What a refused attempt is answered: the refusal, or ERR_RATE_LIMITED when there were too many. */
  refused(error: SallyportError, kind: AttemptKind | undefined, attempt: Attempt, log: Log): Promise<SallyportError>;
}

export interface SourceLimitPorts {
  readonly count: CountAttempt;
  readonly now: () => number;
}

/** Sources that an environment remembers to be beyond a limit, so that they are not counted on. */
const REMEMBERED_MAX = 10_000;

export const createSourceLimits = ({ count, now }: SourceLimitPorts): SourceLimits => {
  const beyond = new Set<string>();

  /** Whether it is beyond the limit. */
  const isBeyond = async (kind: AttemptKind, { address, method, path }: Attempt, log: Log): Promise<boolean> => {
    const window = Math.floor(now() / ATTEMPT_WINDOW_MS);
    const key = `${kind}#${sourceOf(address)}#${window}`;
    if (beyond.has(key)) return true;
    let attempts: number;
    try {
      attempts = await count(key, (window + 1) * ATTEMPT_WINDOW_MS);
    } catch (error) {
      log.warn('limit.not-counted', { error });
      return false;
    }
    if (attempts <= ATTEMPT_LIMITS[kind]) return false;
    if (beyond.size >= REMEMBERED_MAX) beyond.clear();
    beyond.add(key);
    // The counter passes the limit once, in whichever environment: so one event for each source and window.
    if (attempts === ATTEMPT_LIMITS[kind] + 1) {
      log.warn('limit.reached', { audit: { kind: 'limit', method, path, status: 429, rule: `${kind} attempts of one source` } });
    }
    return true;
  };

  return {
    attempt: async (kind, attempt, log) => {
      if (await isBeyond(kind, attempt, log)) throw new SallyportError('ERR_RATE_LIMITED');
    },
    refused: async (error, kind, attempt, log) =>
      kind !== undefined && (await isBeyond(kind, attempt, log))
        ? new SallyportError('ERR_RATE_LIMITED', undefined, { cause: error })
        : error,
  };
};

/** What is counted of refusals. */
export const countedAs = ({ code }: SallyportError): AttemptKind | undefined =>
  code === 'ERR_TOKEN_INVALID' ? 'token' : code === 'ERR_SIGN_IN_INVALID' ? 'code' : undefined;
