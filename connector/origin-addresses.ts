// Which addresses the names of origins have. A name is looked up again while its connections are in use, so that none is kept to an address
// which is no longer the name's: another machine's, perhaps.
import type { LookupAddress } from 'node:dns';
import type { Resolve } from './address.ts';
import { type Clock, pause } from './clock.ts';

/** Resolvers do not say how long an answer holds. */
export const LOOKUP_MS = 15_000;
/** A request waits no longer for it: it goes over the connections that there are. */
export const LOOKUP_WAIT_MS = 1_000;

/** Below a wildcard of the allowlist there may be any number. */
const NAMES_MAX = 1_000;

interface Known {
  readonly addresses: ReadonlySet<string>;
  readonly lookedUpAt: number;
}

export class OriginAddresses {
  readonly #resolve: Resolve;
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  /** Names that were connected to; the one that was looked up longest ago first. */
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Promise<void>>();

  constructor(resolve: Resolve, clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#resolve = resolve;
    this.#clock = clock;
  }

  /** For connecting: what is found is known from then on. */
  readonly resolve: Resolve = (host, callback) => {
    this.#resolve(host, (error, found) => {
      if (error === null && found.length > 0) this.#note(host, addressesOf(found));
      callback(error, found);
    });
  };

  /** Resolves once it is known which addresses the name has now, or after a while. Never rejects. */
  async refresh(host: string): Promise<void> {
    const known = this.#known.get(host);
    if (known === undefined) return;
    if (!this.#pending.has(host)) {
      if (this.#clock.monotonic() - known.lookedUpAt < LOOKUP_MS) return;
      const done = this.#lookUp(host, known).then(() => void this.#pending.delete(host));
      this.#pending.set(host, done);
    }
    const wait = pause(this.#clock, LOOKUP_WAIT_MS);
    await Promise.race([this.#pending.get(host), wait.over]);
    wait.cancel();
  }

  /** Whether a connection to this address may be used for the name. Of one that was not looked up each may. */
  has(host: string, address: string): boolean {
    return this.#known.get(host)?.addresses.has(address) ?? true;
  }

  #lookUp(host: string, { addresses }: Known): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve(host, (error, found) => {
        // Where nobody answers, what was known holds on; that there is no such name is an answer.
        if (error === null && found.length > 0) this.#note(host, addressesOf(found));
        else this.#note(host, isNoName(error) ? new Set() : addresses);
        resolve();
      });
    });
  }

  #note(host: string, addresses: ReadonlySet<string>): void {
    this.#known.delete(host);
    this.#known.set(host, { addresses, lookedUpAt: this.#clock.monotonic() });
    if (this.#known.size > NAMES_MAX) this.#known.delete(this.#known.keys().next().value!);
  }
}

/** `EAI_AGAIN` is what resolvers say that cannot tell. */
const isNoName = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'ENOTFOUND';

const addressesOf = (found: readonly LookupAddress[]): ReadonlySet<string> => new Set(found.map(({ address }) => address));
