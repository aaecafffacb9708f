// One tunnel's life: hello and welcome, heartbeats, probes of the link, renewal of the secrets, drain, end.
// Frames are handed on as they come; what is in them is no concern of this file.
import { isErrorCode, SallyportError } from '../protocol/errors.ts';
import type { ConnectorMessage, TunnelMessage } from '../protocol/frames.ts';
import { HEARTBEAT_MS, PROBE_DEADLINE_MS, PROBE_MS } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { type Clock, withResolvers } from './clock.ts';
import type { ServiceClock } from './service-clock.ts';
import { VERSION } from './version.ts';
import type { Welcome } from './welcome.ts';

/** A function that has to start first takes a few seconds to welcome. */
const WELCOME_MS = 15_000;
/** Pause before a hello that failed on the platform's side is said again. */
const HELLO_AGAIN_MS = 1_000;
const RENEW_AGAIN_MS = 30_000;
/** However often credentials are refused, fresh ones are asked for no more often than this. */
const RENEW_PAUSE_MS = 10_000;
const DRAINED_MS = 3_000;
const CLOSE_MS = 2_000;
/** Secrets are renewed when this much of their life is over, give or take a tenth: connectors do not come all at once. */
const RENEW_SHARE = 0.7;
const RENEW_JITTER = 0.1;
/** Frames that may come before the welcome that says how to open them. */
const EARLY_FRAMES_MAX = 200;

/** What a tunnel needs of a WebSocket: `ws` has it. */
export interface TunnelSocket {
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): unknown;
  on(event: 'pong', listener: () => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
}

export interface TunnelPorts {
  readonly clock: Clock;
  readonly serviceClock: ServiceClock;
  readonly random: () => number;
  readonly log: Log;
  /** Opens a welcome's sealed part. */
  readonly openWelcome: (sealed: string) => Promise<Welcome>;
  /** Called at each welcome, the first and those that renew. */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onFrame: (text: string) => void;
}

/** A JSON object from the Tunnel API: a message of ours, or API Gateway's own words. */
type Heard = Partial<TunnelMessage> & { readonly message?: unknown };

type Timer = 'welcome' | 'hello' | 'heartbeat' | 'probe' | 'renew' | 'drained' | 'close';

export class Tunnel {
  readonly #socket: TunnelSocket;
  readonly #ports: TunnelPorts;
  readonly #timers = new Map<Timer, () => void>();
  readonly #welcomed = withResolvers<string>();
  readonly #closed = withResolvers<SallyportError | null>();
  readonly #drained = withResolvers<void>();
  readonly #earlyFrames: string[] = [];
  #open = true;
  #connectionId: string | null = null;
  #failure: SallyportError | null = null;
  #lastSignAt: number;
  #pinged = false;
  #ponged = false;
  #askedAt = 0;
  #heartbeatAt = 0;

  /** Says hello on a socket that is open. */
  constructor(socket: TunnelSocket, ports: TunnelPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#lastSignAt = ports.clock.monotonic();
    this.#welcomed.promise.catch(() => {});
    socket.on('message', (data) => this.#receive(data.toString()));
    socket.on('pong', () => {
      this.#ponged = true;
      this.#sign();
    });
    socket.on('close', (code, reason) => this.#end(code, reason.toString()));

    this.#arm('welcome', WELCOME_MS, () =>
      this.#fail(new SallyportError('ERR_SERVICE_UNREACHABLE', `The service did not welcome this tunnel within ${WELCOME_MS} ms.`)),
    );
    this.#hello();
    this.#probe();
  }

  /** This tunnel's connection id, once it is welcomed. Rejects with a SallyportError when it is not. */
  get welcomed(): Promise<string> {
    return this.#welcomed.promise;
  }

  /** Resolves when the tunnel has ended: with the reason, or null when it was closed from here or in an orderly way. */
  get closed(): Promise<SallyportError | null> {
    return this.#closed.promise;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Asks for fresh secrets now: those at hand were refused. */
  renew(): void {
    if (this.#connectionId === null || this.#timers.has('hello')) return;
    const since = this.#ports.clock.monotonic() - this.#askedAt;
    this.#arm('hello', Math.max(0, RENEW_PAUSE_MS - since), () => this.#hello());
  }

  /** Tells the registry that this tunnel takes no new exchanges; resolves when it has heard, or does not answer. */
  async drain(): Promise<void> {
    if (!this.#open || this.#connectionId === null) return;
    this.#arm('drained', DRAINED_MS, this.#drained.resolve);
    this.#say({ type: 'drain' });
    await this.#drained.promise;
    this.#disarm('drained');
  }

  close(): void {
    if (!this.#open) return;
    this.#stopTimers();
    this.#socket.close(1000, 'done');
    this.#arm('close', CLOSE_MS, () => this.#socket.terminate());
  }

  #hello(): void {
    this.#disarm('hello');
    this.#askedAt = this.#ports.clock.monotonic();
    this.#say({ type: 'hello', version: VERSION });
  }

  #receive(text: string): void {
    this.#sign();
    // A frame ends with its seal, which has no brace; what the Tunnel API itself says is a JSON object.
    if (!text.trimEnd().endsWith('}')) {
      this.#frame(text);
      return;
    }
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.#ports.log.warn('tunnel.unreadable', { code: 'ERR_FRAME_INVALID' });
      return;
    }
    this.#hear(message as Heard);
  }

  #hear(message: Heard): void {
    switch (message.type) {
      case 'welcome':
        if (typeof message.sealed === 'string' && typeof message.connectionId === 'string') {
          void this.#welcome(message.sealed, message.connectionId, Number(message.now));
        }
        return;
      case 'alive':
        if (typeof message.now === 'number') this.#ports.serviceClock.learn(message.now, this.#heartbeatAt);
        return;
      case 'drained':
        this.#drained.resolve();
        return;
      case 'echo':
        return;
      case 'refused':
        this.#refused(message.code, message.message);
        return;
      default:
        // API Gateway's own words: the function failed, or no route took the message.
        this.#ports.log.warn('tunnel.platform', { said: String(message.message ?? '').slice(0, 200) });
        if (this.#connectionId === null) this.#arm('hello', HELLO_AGAIN_MS, () => this.#hello());
    }
  }

  async #welcome(sealed: string, connectionId: string, now: number): Promise<void> {
    const { serviceClock, openWelcome, onWelcome, onFrame } = this.#ports;
    if (Number.isSafeInteger(now)) serviceClock.learn(now, this.#askedAt);
    try {
      const welcome = await openWelcome(sealed);
      if (!this.#open) return;
      onWelcome(welcome);
      this.#scheduleRenewal(welcome.credentials.expiresAt);
    } catch (error) {
      this.#fail(error instanceof SallyportError ? error : new SallyportError('ERR_INTERNAL', String(error), { cause: error }));
      return;
    }
    if (this.#connectionId !== null) return;
    this.#connectionId = connectionId;
    this.#disarm('welcome');
    this.#heartbeat();
    this.#welcomed.resolve(connectionId);
    for (const frame of this.#earlyFrames.splice(0)) onFrame(frame);
  }

  #frame(text: string): void {
    if (this.#connectionId !== null) this.#ports.onFrame(text);
    else if (this.#earlyFrames.length < EARLY_FRAMES_MAX) this.#earlyFrames.push(text);
  }

  /** A renewal that fails is not the end: the secrets at hand hold for a while yet. */
  #refused(code: unknown, message: unknown): void {
    const error = new SallyportError(isErrorCode(code) ? code : 'ERR_INTERNAL', `The service refused: ${String(message)}`);
    if (this.#connectionId !== null && error.traits.retryable) {
      this.#ports.log.warn('tunnel.refused', { error });
      this.#drained.resolve();
    } else {
      this.#fail(error);
    }
  }

  #heartbeat(): void {
    this.#arm('heartbeat', HEARTBEAT_MS, () => {
      this.#heartbeatAt = this.#ports.clock.monotonic();
      this.#say({ type: 'heartbeat' });
      this.#heartbeat();
    });
  }

  #scheduleRenewal(expiresAt: number): void {
    const { serviceClock, random } = this.#ports;
    const life = expiresAt - serviceClock.now();
    const wait = Math.max(RENEW_AGAIN_MS, life * (RENEW_SHARE + (random() - 0.5) * 2 * RENEW_JITTER));
    const ask = () => {
      this.#hello();
      // Asked again until a welcome comes, which sets this timer anew.
      this.#arm('renew', RENEW_AGAIN_MS, ask);
    };
    this.#arm('renew', wait, ask);
  }

  #sign(): void {
    this.#lastSignAt = this.#ports.clock.monotonic();
  }

  /** Asks for a sign of life when there was none for a while; without any in time the link is dead, whatever TCP believes. */
  #probe(): void {
    const { clock } = this.#ports;
    const silentFor = clock.monotonic() - this.#lastSignAt;
    if (silentFor >= PROBE_DEADLINE_MS) {
      this.#fail(new SallyportError('ERR_SERVICE_UNREACHABLE', `The link is dead: no sign for ${Math.round(silentFor)} ms.`));
      return;
    }
    if (this.#pinged && silentFor < PROBE_MS) {
      this.#probeAfter(PROBE_MS - silentFor);
      return;
    }
    // API Gateway is not known to answer pings: where none ever was, a message that it echoes is the probe.
    if (this.#pinged && !this.#ponged) this.#say({ type: 'probe' });
    else this.#socket.ping();
    this.#pinged = true;

    this.#probeAfter(Math.min(PROBE_MS, PROBE_DEADLINE_MS - silentFor));
  }

  #probeAfter(ms: number): void {
    const { clock } = this.#ports;
    const due = clock.monotonic() + ms;
    this.#arm('probe', ms, () => {
      const now = clock.monotonic();
      // This process itself was held up (a suspended machine, a busy one): the peer gets one more chance.
      if (now - due > PROBE_MS) this.#lastSignAt = Math.max(this.#lastSignAt, now - PROBE_DEADLINE_MS + PROBE_MS);
      this.#probe();
    });
  }

  #say(message: ConnectorMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #fail(error: SallyportError): void {
    if (!this.#open) return;
    this.#failure ??= error;
    this.#socket.terminate();
    // A socket whose link is dead may be long in closing: for us it has ended.
    this.#end(1006, error.message);
  }

  #end(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stopTimers();
    this.#drained.resolve();
    const orderly = code === 1000 || code === 1001;
    const failure = this.#failure ?? new SallyportError('ERR_SERVICE_UNREACHABLE', `The tunnel was closed (${code} ${reason}).`);
    this.#welcomed.reject(failure);
    this.#closed.resolve(orderly ? null : failure);
  }

  #stopTimers(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #arm(timer: Timer, ms: number, callback: () => void): void {
    this.#disarm(timer);
    this.#timers.set(timer, this.#ports.clock.after(ms, callback));
  }

  #disarm(timer: Timer): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }
}
