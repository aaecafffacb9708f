// How far an exchange came, for the log.
import type { PremisesTimings } from '../../protocol/frames.ts';
import type { Clock } from './ports.ts';

/** Milliseconds since the user's request came in, and what the connector measured. */
export interface Course {
  /** The tunnel that it was posted to first. */
  readonly tunnel: string;
  readonly posted?: number;
  readonly head?: number;
  readonly firstByte?: number;
  readonly premises?: PremisesTimings;
}

export class CourseWatch {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #receivedAt: number;
  #course: Course;

  constructor(clock: Pick<Clock, 'now'>, receivedAt: number, tunnel: string) {
    this.#clock = clock;
    this.#receivedAt = receivedAt;
    this.#course = { tunnel };
  }

  get course(): Course {
    return this.#course;
  }

  /** The first time counts. */
  note(step: 'posted' | 'head' | 'firstByte'): void {
    if (this.#course[step] === undefined) this.#course = { ...this.#course, [step]: this.#clock.now() - this.#receivedAt };
  }

  measured(premises: PremisesTimings | undefined): void {
    this.#course = { ...this.#course, premises };
  }
}
