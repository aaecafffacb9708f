// The service's time, learnt from its messages. Frames are judged by it, so a connector whose own clock is some seconds off
// still knows an old frame from a fresh one, and a clock that is set while it runs confuses nothing.
import { CLOCK_TOLERANCE_MS } from '../protocol/enrolment.ts';
import type { Clock } from './clock.ts';

/**
 * What tells the time has no seal, so it is believed only as far as this machine's clock may be off where a dial is accepted, and the
 * message be late: nobody can make old frames fresh with it.
 */
const BELIEVED_MS = 2 * CLOCK_TOLERANCE_MS;

export class ServiceClock {
  readonly #clock: Clock;
  readonly #startedAt: number;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.#offset = clock.now() - this.#startedAt;
  }

  /** Milliseconds since the epoch, by the service's clock. */
  now(): number {
    return this.#clock.monotonic() + this.#offset;
  }

  /** When this process began, by the service's clock: no frame for it can be older. */
  startedAt(): number {
    return this.#startedAt + this.#offset;
  }

  /** How far the machine's clock is ahead of the service's. */
  aheadMs(): number {
    return this.#clock.now() - this.now();
  }

  /** The service said that it was `now` some time between `askedAt` (monotonic) and this moment. */
  learn(now: number, askedAt: number): void {
    if (Math.abs(now - this.#clock.now()) > BELIEVED_MS) return;
    const heardAt = this.#clock.monotonic();
    this.#offset = now - (askedAt + heardAt) / 2;
  }
}
