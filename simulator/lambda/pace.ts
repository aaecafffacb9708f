// How fast a streamed response may flow: a first part as fast as it goes, then so many bytes a second.
import type { Clock } from '../services.ts';

export interface PaceOptions {
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
}

/** The same chunks, held back where they come faster than allowed; so their sender is held back too. */
export async function* pace(chunks: AsyncIterable<Buffer>, { burstBytes, bytesPerSecond, clock }: PaceOptions): AsyncGenerator<Buffer> {
  let total = 0;
  let freeAt = Number.NEGATIVE_INFINITY;
  for await (const chunk of chunks) {
    const owed = Math.max(0, Math.min(chunk.length, total + chunk.length - burstBytes));
    total += chunk.length;
    if (owed > 0) {
      const now = clock.now();
      const waitMs = freeAt - now;
      freeAt = Math.max(freeAt, now) + (owed / bytesPerSecond) * 1000;
      if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    }
    yield chunk;
  }
}
