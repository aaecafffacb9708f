// How long an exchange took on premises, for `sallyport explain`: told to the router with the head, or with the failure.
import type { PremisesTimings } from '../protocol/frames.ts';
import type { Clock } from './clock.ts';

export class PremisesWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #beganAt: number;
  readonly #verified: number;
  #connected: number | undefined;
  #connections = 0;
  #answered: number | undefined;

  /** Begins when the request frame has been verified; `ageMs` is its age then. */
  constructor(clock: Pick<Clock, 'monotonic'>, ageMs: number) {
    this.#clock = clock;
    this.#beganAt = clock.monotonic();
    // Two clocks are never quite one.
    this.#verified = Math.max(0, Math.round(ageMs));
  }

  /** How many times the origin was asked something. */
  get connections(): number {
    return this.#connections;
  }

  /** The request has a connection to the origin. A second one is that of the request repeated, or follows one of a sign-in. */
  connected(): void {
    this.#connections += 1;
    this.#connected = this.#elapsed();
  }

  /** The origin's head is here. */
  answered(): void {
    this.#answered = this.#elapsed();
  }

  read(): PremisesTimings {
    return {
      verified: this.#verified,
      ...(this.#connected !== undefined && { connected: this.#connected }),
      ...(this.#answered !== undefined && { answered: this.#answered }),
      sent: this.#elapsed(),
    };
  }

  #elapsed(): number {
    return Math.round(this.#clock.monotonic() - this.#beganAt);
  }
}
