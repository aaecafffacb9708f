// Notices within seconds that a link is dead, whatever TCP believes: asks for a sign of life when there was none for a while.
import { PROBE_DEADLINE_MS, PROBE_MS } from '../protocol/limits.ts';
import { Timers } from '../protocol/timers.ts';
import type { Clock } from './clock.ts';

export interface LinkProbeOptions {
  readonly clock: Clock;
  /** Sends a WebSocket ping. */
  readonly ping: () => void;
  /** Sends a message that the platform echoes. */
  readonly message: () => void;
  /** There was no sign for this long: the link is dead. */
  readonly onDead: (silentForMs: number) => void;
}

export class LinkProbe {
  readonly #options: LinkProbeOptions;
  readonly #timers: Timers<'probe'>;
  #lastSignAt: number;
  #pinged = false;
  #ponged = false;

  /** Sends its first ping at once. */
  constructor(options: LinkProbeOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#lastSignAt = options.clock.monotonic();
    this.#probe();
  }

  /** Something came. */
  sign(): void {
    this.#lastSignAt = this.#options.clock.monotonic();
  }

  /** A ping was answered. */
  pong(): void {
    this.#ponged = true;
    this.sign();
  }

  stop(): void {
    this.#timers.clear();
  }

  #probe(): void {
    const { clock, ping, message, onDead } = this.#options;
    const silentFor = clock.monotonic() - this.#lastSignAt;
    if (silentFor >= PROBE_DEADLINE_MS) {
      onDead(silentFor);
      return;
    }
    if (this.#pinged && silentFor < PROBE_MS) {
      this.#again(PROBE_MS - silentFor);
      return;
    }
    // API Gateway is not known to answer pings: where none ever was, a message that it echoes is the probe.
    if (this.#pinged && !this.#ponged) message();
    else ping();
    this.#pinged = true;
    this.#again(Math.min(PROBE_MS, PROBE_DEADLINE_MS - silentFor));
  }

  #again(ms: number): void {
    const { clock } = this.#options;
    const due = clock.monotonic() + ms;
    this.#timers.arm('probe', ms, () => {
      const now = clock.monotonic();
      // This process itself was held up (a suspended machine, a busy one): the peer gets one more chance.
      if (now - due > PROBE_MS) this.#lastSignAt = Math.max(this.#lastSignAt, now - PROBE_DEADLINE_MS + PROBE_MS);
      this.#probe();
    });
  }
}
