// The frames of one direction that the peer has not acknowledged, kept so that they can be sent again elsewhere.

export class Outbox {
  #first = 0;
  #bytes = 0;
  #texts: string[] = [];

  /** The number that the next frame takes. */
  get next(): number {
    return this.#first + this.#texts.length;
  }

  /** Characters held. */
  get size(): number {
    return this.#bytes;
  }

  /** Keeps the sealed text of frame `next`. */
  keep(text: string): void {
    this.#texts.push(text);
    this.#bytes += text.length;
  }

  /** Forgets the frames before `received`. */
  acknowledge(received: number): void {
    const gone = Math.min(Math.max(received - this.#first, 0), this.#texts.length);
    for (const text of this.#texts.splice(0, gone)) this.#bytes -= text.length;
    this.#first += gone;
  }

  /** The kept frames from number `received` on; null when some of them are no longer kept. */
  since(received: number): readonly string[] | null {
    return received < this.#first ? null : this.#texts.slice(received - this.#first);
  }
}
