// How long an exchange may go unheard. A connector at work says `progress`; when even that is missing, the channels are
// suspected first, then the connector is given up.
import { SallyportError } from '../../protocol/errors.ts';
import {
  LINGER_MS,
  PROGRESS_FIRST_MS,
  PROGRESS_IDLE_MS,
  PROGRESS_WAIT_MS,
  SILENCE_IDLE_MS,
  SILENCE_WAIT_MS,
} from '../../protocol/limits.ts';
import type { Clock } from './ports.ts';

export interface Silence {
  /** Something came: part of the response (`data`) or a sign of life; or the connector has to be given time anew. */
  heard(data: boolean): void;
  headSeen(): void;
  /** The tunnel took a further part of the request: a connector that has not all of it yet is not silent. */
  partTaken(): void;
  stop(): void;
}

interface SilencePorts {
  readonly clock: Clock;
  /** When the invocation must have ended. */
  readonly deadlineAt: number;
  /** What the origin has for its first byte, by the connector's watch. */
  readonly headMs: number;
  /** What the connector has for its first sign of life. */
  readonly firstMs: number;
  /** Whether a frame is missing while later ones are here. */
  readonly gap: () => boolean;
  /**
   * No more of the body has come for a while. Told once after each burst: its last frame may be lost, and the connector keeps it for
   * LINGER_MS only. Told again and again while there is a gap: frames overtake each other by milliseconds, not by seconds.
   */
  readonly quiet: () => void;
  /** `silentMs`: for how long. */
  readonly suspected: (silentMs: number) => void;
  readonly expired: (error: SallyportError) => void;
}

interface Phase {
  /** A healthy connector would have said something by now: a healthy exchange raises no suspicion and costs nothing. */
  readonly suspectMs: number;
  readonly silentMs: number;
}

const FIRST_SUSPECT_MS = PROGRESS_FIRST_MS + 500;
const WAIT: Phase = { suspectMs: PROGRESS_WAIT_MS + 2_000, silentMs: SILENCE_WAIT_MS };
const BODY: Phase = { suspectMs: PROGRESS_IDLE_MS + 2_000, silentMs: SILENCE_IDLE_MS };
const QUIET_MS = LINGER_MS - 2_000;
const GAP_MS = 2_000;

export const silent = (ms: number): SallyportError => new SallyportError('ERR_CONNECTOR_SILENT', `Nothing was heard for ${ms} ms.`);

export const createSilence = ({ clock, deadlineAt, headMs, firstMs, gap, quiet, suspected, expired }: SilencePorts): Silence => {
  const startedAt = clock.now();
  // The connector keeps the origin's time; this bounds a connector that says `progress` for ever.
  let headBy = startedAt + headMs + SILENCE_WAIT_MS;
  const first: Phase = { suspectMs: FIRST_SUSPECT_MS, silentMs: firstMs };
  let phase = first;
  let heardAt = startedAt;
  let partAt = startedAt;
  let suspicions = 0;
  let quietAt = Number.POSITIVE_INFINITY;
  let cancel: () => void = () => undefined;
  let stopped = false;

  const arm = (): void => {
    if (stopped) return;
    const next = Math.min(
      heardAt + phase.suspectMs * (suspicions + 1),
      Math.max(heardAt, partAt) + phase.silentMs,
      quietAt,
      headBy,
      deadlineAt,
    );
    cancel = clock.after(Math.max(next - clock.now(), 1), look);
  };

  /** One timer for the whole exchange: it is not set anew for each frame, it looks how long ago the last one was. */
  const look = (): void => {
    const now = clock.now();
    const error = failureAt(now);
    if (error !== null) {
      expired(error);
      return;
    }
    if (now >= quietAt) {
      quietAt = gap() ? now + GAP_MS : Number.POSITIVE_INFINITY;
      quiet();
    }
    if (now >= heardAt + phase.suspectMs * (suspicions + 1)) {
      suspicions += 1;
      suspected(now - heardAt);
    }
    arm();
  };

  const failureAt = (now: number): SallyportError | null => {
    if (now >= deadlineAt)
      return new SallyportError('ERR_ORIGIN_TIMEOUT', 'The exchange took longer than one invocation of the router may.');
    if (now >= headBy) return new SallyportError('ERR_ORIGIN_TIMEOUT', `No response head within ${now - startedAt} ms.`);
    if (now >= Math.max(heardAt, partAt) + phase.silentMs) return silent(now - heardAt);
    return null;
  };

  arm();
  return {
    heard: (data) => {
      heardAt = clock.now();
      suspicions = 0;
      if (phase === first) phase = WAIT;
      if (!data || phase !== BODY) return;
      const before = quietAt;
      quietAt = heardAt + (gap() ? GAP_MS : QUIET_MS);
      // The timer may be set for later than that.
      if (quietAt < before) {
        cancel();
        arm();
      }
    },
    headSeen: () => {
      if (phase === BODY) return;
      phase = BODY;
      headBy = Number.POSITIVE_INFINITY;
      quietAt = heardAt + QUIET_MS;
      cancel();
      arm();
    },
    partTaken: () => {
      partAt = clock.now();
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};
