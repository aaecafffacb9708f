// The domain controllers of each realm, the one that is asked first at the front. libkrb5 stays with one that accepts a connection and
// says nothing for half a minute: here such a one goes to the end, for the next call.
import type { Probe } from './probe.ts';
import type { Controller } from './realms.ts';

/** Answers hosts with their ports in order of preference. Rejects when the name is not there. */
export type ResolveControllers = (realm: string) => Promise<readonly string[]>;

export interface ControllersOptions {
  /** As an administrator wrote them. */
  readonly named: readonly Controller[];
  /** For realms of which none is named: DNS (SRV records), as Active Directory has it. */
  readonly resolve: ResolveControllers;
  readonly probe: Probe;
}

export class Controllers {
  readonly #options: ControllersOptions;
  #realms: readonly string[] = [];
  #known: readonly Controller[] | null = null;

  constructor(options: ControllersOptions) {
    this.#options = options;
  }

  /** In the order in which they are to be asked. A realm whose controllers cannot be found has none here. */
  async of(realms: readonly string[]): Promise<readonly Controller[]> {
    this.#realms = realms;
    this.#known ??= await this.#findAll();
    return this.#known;
  }

  /** Looks who is there and answers `principal`. True when others than before are to be asked first. */
  async reorder(principal: string): Promise<boolean> {
    const before = this.#known ?? [];
    const found = await this.#findAll();
    // With one alone there is nothing to choose, so it is not asked for it.
    if (found.length < 2) return false;
    const answers = await Promise.all(
      found.map(({ host }) =>
        this.#options.probe(host, principal).then(
          () => true,
          () => false,
        ),
      ),
    );
    const order = [...found.filter((_, index) => answers[index]), ...found.filter((_, index) => !answers[index])];
    this.#known = order;
    return order.some(({ realm, host }, index) => realm !== before[index]?.realm || host !== before[index]?.host);
  }

  async #findAll(): Promise<readonly Controller[]> {
    return (await Promise.all(this.#realms.map((realm) => this.#find(realm)))).flat();
  }

  async #find(realm: string): Promise<readonly Controller[]> {
    const named = this.#options.named.filter((controller) => controller.realm === realm);
    if (named.length > 0) return named;
    try {
      return (await this.#options.resolve(realm)).map((host) => ({ realm, host }));
    } catch {
      return [];
    }
  }
}
