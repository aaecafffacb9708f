// Keeps a tunnel open for as long as the connector runs: dials, backs off, opens the next one before the last must end, drains.
import { asSallyportError, type ErrorCode, SallyportError } from '../protocol/errors.ts';
import { CACHE_MS, REQUEST_LIFETIME_MS, SOCKET_MAX_AGE_MS } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Backoff } from './backoff.ts';
import { type Clock, pause, withResolvers } from './clock.ts';
import type { Tunnel } from './tunnel.ts';

export const BACKOFF_BASE_MS = 1_000;
export const BACKOFF_CAP_MS = 60_000;
/** A tunnel that lasted this long was healthy: the next attempts begin anew. */
const HEALTHY_MS = 30_000;
/** A tunnel is replaced this much before its time at most, so that connectors started together do not dial together. */
const REPLACE_JITTER_MS = 10 * 60_000;
/** So long routers may choose a tunnel that the registry has as draining: what they remember, and a post under way. */
export const REMEMBERED_MS = CACHE_MS + 2_000;
/** How long the last refusals may take to be delivered. */
const REFUSALS_MS = 5_000;
/** Time alone does not mend these. Before the first tunnel somebody is watching: they end the process. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(['ERR_CONNECTOR_UNKNOWN', 'ERR_PROTOCOL_VERSION', 'ERR_CONFIGURATION_INVALID']);

export interface SupervisorPorts {
  /** Dials and says hello. The tunnel may still be refused. */
  readonly dial: () => Promise<Tunnel>;
  readonly exchanges: {
    readonly running: number;
    drain(): void;
    whenIdle(): Promise<void>;
  };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** How long running exchanges may take to end when the connector is stopped. */
  readonly drainMs: number;
  /** The process ends after this long without a tunnel, so that a service manager starts it anew; 0: never. */
  readonly exitAfterMs: number;
}

export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #backoff: Backoff;
  readonly #tunnels = new Set<Tunnel>();
  readonly #stopping = withResolvers<'stop'>();
  readonly #hopeless = withResolvers<SallyportError>();
  #stopped = false;
  #everConnected = false;
  #cancelExit: () => void = () => {};
  #failure: SallyportError | null = null;

  constructor(ports: SupervisorPorts) {
    this.#ports = ports;
    this.#backoff = new Backoff({ baseMs: BACKOFF_BASE_MS, capMs: BACKOFF_CAP_MS, random: ports.random });
  }

  /** Whether a tunnel is open and takes exchanges. */
  get ready(): boolean {
    return this.#tunnels.size > 0 && !this.#stopped;
  }

  /** Tunnels that are open and welcomed. */
  get tunnels(): number {
    return this.#tunnels.size;
  }

  /** Runs until `stop` is called and everything is drained. Rejects with the reason when there is no point in going on. */
  async run(): Promise<void> {
    this.#armExit();
    const loop = this.#keepTunnel();
    try {
      const end = await Promise.race([this.#stopping.promise, this.#hopeless.promise, loop]);
      if (end !== 'stop') throw end;
      await this.#drain();
    } finally {
      this.#stopped = true;
      this.#stopping.resolve('stop');
      this.#cancelExit();
      await loop;
      await this.#closeTunnels();
    }
  }

  /** Ends in good order: no new exchanges, running ones finished, tunnels closed. */
  stop(): void {
    this.#stopped = true;
    this.#stopping.resolve('stop');
  }

  /** Asks for fresh secrets over the tunnel that is open. */
  renew(): void {
    for (const tunnel of this.#tunnels) tunnel.renew();
  }

  /** Something has become known of an origin: the newest tunnel tells it. */
  report(): void {
    [...this.#tunnels].at(-1)?.report();
  }

  /** Answers 'stop', or why going on makes no sense. */
  async #keepTunnel(): Promise<'stop' | SallyportError> {
    let previous: Tunnel | null = null;
    while (!this.#stopped) {
      let tunnel: Tunnel;
      try {
        tunnel = await this.#openTunnel();
      } catch (error) {
        const failure = asSallyportError(error, 'ERR_SERVICE_UNREACHABLE');
        const permanent = PERMANENT.has(failure.code);
        this.#failure = failure;
        if (permanent && !this.#everConnected) return failure;
        const waitMs = permanent ? this.#backoff.longest() : this.#backoff.next();
        this.#ports.log.warn('tunnel.failed', { error: failure, attempts: this.#backoff.attempts, waitMs });
        await this.#pause(waitMs);
        continue;
      }
      if (previous) this.#retire(previous);
      previous = await this.#watch(tunnel);
      if (!previous) await this.#pause(this.#backoff.next());
    }
    return 'stop';
  }

  async #openTunnel(): Promise<Tunnel> {
    const { dial, log } = this.#ports;
    const dialling = dial();
    const dialled = await Promise.race([dialling, this.#stopping.promise]);
    if (dialled === 'stop') {
      void dialling.then((late) => late.close()).catch(() => {});
      throw new SallyportError('ERR_CONNECTOR_DRAINING', 'The connector is stopping.');
    }
    const tunnel = dialled;
    let connectionId: string;
    try {
      const first = await Promise.race([tunnel.welcomed, this.#stopping.promise]);
      if (this.#stopped) throw new SallyportError('ERR_CONNECTOR_DRAINING', 'The connector is stopping.');
      connectionId = first;
    } catch (error) {
      tunnel.close();
      throw error;
    }
    this.#tunnels.add(tunnel);
    this.#everConnected = true;
    this.#cancelExit();
    void tunnel.closed.then(() => {
      this.#tunnels.delete(tunnel);
      if (this.#tunnels.size === 0 && !this.#stopped) this.#armExit();
    });
    log.info('tunnel.open', { connectionId });
    return tunnel;
  }

  /** Waits until the tunnel has ended (null) or is to be replaced (the tunnel itself). */
  async #watch(tunnel: Tunnel): Promise<Tunnel | null> {
    const { clock, random, log } = this.#ports;
    const openedAt = clock.monotonic();
    const due = pause(clock, SOCKET_MAX_AGE_MS - Math.floor(random() * REPLACE_JITTER_MS));
    const end = await Promise.race([tunnel.closed, due.over.then(() => 'due' as const), this.#stopping.promise]);
    due.cancel();
    if (end === 'due' && tunnel.open) {
      this.#backoff.reset();
      return tunnel;
    }
    if (end !== 'stop' && end !== 'due') {
      if (clock.monotonic() - openedAt >= HEALTHY_MS) this.#backoff.reset();
      this.#failure = end;
      log.warn('tunnel.closed', { error: end ?? undefined, ms: Math.round(clock.monotonic() - openedAt) });
    }
    return null;
  }

  /** The next tunnel is open: this one takes no more exchanges, and ends when what was sent over it has certainly come. */
  #retire(tunnel: Tunnel): void {
    const { clock, log } = this.#ports;
    log.info('tunnel.retiring');
    void tunnel.drain();
    const later = pause(clock, REQUEST_LIFETIME_MS);
    void Promise.race([later.over, tunnel.closed, this.#stopping.promise]).then(() => {
      later.cancel();
      if (!this.#stopped) tunnel.close();
    });
  }

  async #drain(): Promise<void> {
    const { exchanges, clock, log, drainMs } = this.#ports;
    exchanges.drain();
    log.info('connector.draining', { running: exchanges.running });
    const limit = pause(clock, drainMs);
    const others = (await Promise.all([...this.#tunnels].map((tunnel) => tunnel.drain()))).includes(true);
    // Whoever still comes is refused, and goes to another connector. Where there is none, nobody gains by waiting.
    if (others) {
      const remembered = pause(clock, REMEMBERED_MS);
      await Promise.race([remembered.over, limit.over]);
      remembered.cancel();
    }
    await Promise.race([exchanges.whenIdle(), limit.over]);
    limit.cancel();
    if (exchanges.running > 0) log.warn('connector.cut', { code: 'ERR_EXCHANGE_LOST', running: exchanges.running });
    else await this.#closeWithLastRefusals();
  }

  /** A request may be on its way while the tunnel closes: it is refused too, and its router told. */
  async #closeWithLastRefusals(): Promise<void> {
    const { exchanges, clock } = this.#ports;
    await this.#closeTunnels();
    const limit = pause(clock, REFUSALS_MS);
    await Promise.race([exchanges.whenIdle(), limit.over]);
    limit.cancel();
  }

  async #closeTunnels(): Promise<void> {
    for (const tunnel of this.#tunnels) tunnel.close();
    await Promise.all([...this.#tunnels].map((tunnel) => tunnel.closed));
  }

  #armExit(): void {
    const { clock, exitAfterMs } = this.#ports;
    if (exitAfterMs === 0) return;
    this.#cancelExit();
    this.#cancelExit = clock.after(exitAfterMs, () => {
      const last = this.#failure ? ` The last attempt: ${this.#failure.message}` : '';
      this.#hopeless.resolve(
        new SallyportError('ERR_SERVICE_UNREACHABLE', `No tunnel for ${Math.round(exitAfterMs / 1000)} s: giving up.${last}`, {
          cause: this.#failure ?? undefined,
        }),
      );
    });
  }

  async #pause(ms: number): Promise<void> {
    const wait = pause(this.#ports.clock, ms);
    await Promise.race([wait.over, this.#stopping.promise]);
    wait.cancel();
  }
}
