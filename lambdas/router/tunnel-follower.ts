// The tunnel of a running exchange. When it is gone, the connector says where it is now (`moved`), or the registry does.
import { SallyportError } from '../../protocol/errors.ts';
import { RESUME_MS } from '../../protocol/limits.ts';
import type { Log } from '../../protocol/log.ts';
import { isLive } from '../stores/live-tunnel.ts';
import type { Tunnel } from '../stores/records.ts';
import type { Clock, PostFrame, ReadTunnels } from './ports.ts';

interface FollowerPorts {
  readonly post: PostFrame;
  readonly clock: Clock;
  readonly log: Log;
  readonly tunnels: Pick<ReadTunnels, 'freshTunnels'>;
  /** The registry has another tunnel of the connector. */
  readonly found: () => void;
  readonly lost: (error: SallyportError) => void;
}

/** Between two looks into the registry; `moved` is usually faster. */
const LOOK_MS = [1_000, 2_000, 4_000, 8_000];

export class TunnelFollower {
  #tunnel: string;
  readonly #group: string;
  readonly #connector: string;
  readonly #gone = new Set<string>();
  readonly #ports: FollowerPorts;
  #searching: { located: Promise<void>; finish: () => void; startedAt: number } | null = null;
  #cancelLook: () => void = () => undefined;
  #stopped = false;

  constructor({ connectionId, group, connector }: Tunnel, ports: FollowerPorts) {
    this.#tunnel = connectionId;
    this.#group = group;
    this.#connector = connector;
    this.#ports = ports;
  }

  get tunnel(): string {
    return this.#tunnel;
  }

  /** Resolves when there is a tunnel to send to. */
  get located(): Promise<void> {
    return this.#searching?.located ?? Promise.resolve();
  }

  /** Why nothing is heard, while there is no tunnel to send to; null where there is one. */
  get failure(): SallyportError | null {
    return this.#searching && this.#lost(this.#ports.clock.now() - this.#searching.startedAt);
  }

  /** Posts to the tunnel of now. False when it was gone: whoever needs the frame sends it again once there is another. */
  async send(text: string): Promise<boolean> {
    const tunnel = this.#tunnel;
    if ((await this.#ports.post(tunnel, text)) === 'posted') return true;
    this.#gone.add(tunnel);
    if (tunnel === this.#tunnel && this.#searching === null && !this.#stopped) this.#search();
    return false;
  }

  /** The connector has said where it is. */
  follow(tunnel: string): void {
    this.#tunnel = tunnel;
    this.#finish();
  }

  /**
   * Asks the registry for a newer tunnel of the connector and follows it: this one may be dead without a word. Otherwise tells whether another
   * connector could be asked.
   */
  async refresh(): Promise<'followed' | 'others' | 'alone'> {
    const known = await this.#known();
    const newest = this.#newestOf(known);
    if (this.#stopped) return 'alone';
    if (newest !== null && newest !== this.#tunnel) {
      this.follow(newest);
      return 'followed';
    }
    const now = this.#ports.clock.now();
    return known.some((tunnel) => tunnel.connector !== this.#connector && isLive(tunnel, now)) ? 'others' : 'alone';
  }

  stop(): void {
    this.#stopped = true;
    this.#finish();
  }

  #lost(ms: number): SallyportError {
    return new SallyportError('ERR_EXCHANGE_LOST', `Connector ${this.#connector} did not come back within ${ms} ms.`);
  }

  #search(): void {
    const { clock } = this.#ports;
    let finish!: () => void;
    const located = new Promise<void>((resolve) => (finish = resolve));
    const startedAt = clock.now();
    this.#searching = { located, finish, startedAt };
    this.#ports.log.info('exchange.tunnel-gone', { connector: this.#connector, tunnel: this.#tunnel });

    const look = async (attempt: number): Promise<void> => {
      const found = this.#newestOf(await this.#known());
      if (this.#searching?.located !== located) return;
      if (found !== null) {
        this.follow(found);
        return this.#ports.found();
      }
      if (clock.now() - startedAt >= RESUME_MS) {
        this.#finish();
        return this.#ports.lost(this.#lost(RESUME_MS));
      }
      this.#cancelLook = clock.after(LOOK_MS[Math.min(attempt, LOOK_MS.length - 1)]!, () => void look(attempt + 1));
    };
    void look(0);
  }

  /** The registry may be out of reach just now: then the next look, or `moved`, tells. */
  async #known(): Promise<readonly Tunnel[]> {
    try {
      return await this.#ports.tunnels.freshTunnels(this.#group);
    } catch (error) {
      this.#ports.log.warn('exchange.tunnel-unknown', { connector: this.#connector, error });
      return [];
    }
  }

  #newestOf(known: readonly Tunnel[]): string | null {
    const own = known.filter(({ connector, connectionId }) => connector === this.#connector && !this.#gone.has(connectionId));
    return own.sort((one, other) => other.openedAt - one.openedAt)[0]?.connectionId ?? null;
  }

  #finish(): void {
    this.#cancelLook();
    this.#searching?.finish();
    this.#searching = null;
  }
}
