// The further parts of a request's body, kept until the connector has them.
import { Outbox } from '../../protocol/outbox.ts';

interface UploadPorts {
  /** False when the tunnel was gone. */
  readonly send: (text: string) => Promise<boolean>;
  readonly located: () => Promise<void>;
  /** The tunnel took another part. */
  readonly taken: () => void;
  /** True when nobody waits for the rest: the answer is complete, or the exchange has failed. */
  readonly stopped: () => boolean;
}

/** Posts under way at once: order does not matter, receivers restore it. */
const PARALLEL = 4;

export class Upload {
  /** Rejects when a part could not be posted. */
  readonly done: Promise<void>;
  readonly #outbox = new Outbox();
  readonly #rest: Iterator<string>;
  readonly #ports: UploadPorts;
  #posted = false;
  #lastProgress = -1;
  #acknowledged = 0;

  /** `first` has been posted already. */
  constructor(first: string, rest: Iterable<string>, ports: UploadPorts) {
    this.#rest = rest[Symbol.iterator]();
    this.#ports = ports;
    this.#outbox.keep(first);
    this.done = this.#run();
  }

  /** The connector has everything before `received`. The same number twice says that the next frame was lost. */
  progress(received: number): void {
    this.#acknowledge(received);
    const stuck = this.#posted && received === this.#lastProgress && received < this.#outbox.next;
    this.#lastProgress = received;
    if (stuck) this.#again(received);
  }

  /**
   * Sends again what comes after `received`, the request itself included where the connector has not been heard: it acts on a request once, and
   * one that was started anew on none that names a tunnel of the process before it.
   */
  resend(received: number): void {
    this.#acknowledge(received);
    this.#again(received);
  }

  #acknowledge(received: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, received);
    this.#outbox.acknowledge(received);
  }

  #again(from: number): void {
    // A post that fails here leaves the connector where it is, and its next progress says so.
    for (const text of this.#outbox.since(Math.max(from, this.#acknowledged)) ?? []) this.#ports.send(text).catch(() => undefined);
  }

  async #run(): Promise<void> {
    await Promise.all(Array.from({ length: PARALLEL }, () => this.#lane()));
    this.#posted = true;
  }

  async #lane(): Promise<void> {
    for (let next = this.#rest.next(); !next.done && !this.#ports.stopped(); next = this.#rest.next()) {
      this.#outbox.keep(next.value);
      // A part that met a dead tunnel is in the outbox: whoever finds the next tunnel sends it.
      if (await this.#ports.send(next.value)) this.#ports.taken();
      else await this.#ports.located();
    }
  }
}
