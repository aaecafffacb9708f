// One tunnel's life: hello and welcome, heartbeats, probes of the link, renewal of the secrets, drain, end.
// Frames are handed on as they come; what is in them is no concern of this file.
import type { FrameKey } from '../protocol/codec.ts';
import { isErrorCode, SallyportError } from '../protocol/errors.ts';
import { connectorSide } from '../protocol/frame-keys.ts';
import { HEARTBEAT_MS } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Timers } from '../protocol/timers.ts';
import type { ConnectorMessage, OriginReport, TunnelMessage } from '../protocol/tunnel-messages.ts';
import { type Clock, withResolvers } from './clock.ts';
import { LinkProbe } from './link-probe.ts';
import type { OriginReports } from './origin-reports.ts';
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
/** Between two heartbeats, where something is to be told sooner; and how long it waits for more of its kind. */
const REPORT_PAUSE_MS = 10_000;
const REPORT_GATHER_MS = 1_000;
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
  /** Called once, with this tunnel's connection id, before the first frame is handed on. */
  readonly onOpen: (connectionId: string) => void;
  /** With what opens it, unless it is of something that began over another tunnel. */
  readonly onFrame: (text: string, key: FrameKey) => void;
  /** What heartbeats tell of origins. */
  readonly reports: Pick<OriginReports, 'heartbeat' | 'due' | 'delivered'>;
}

/** A JSON object from the Tunnel API: a message of ours, or API Gateway's own words. */
type Heard = Partial<TunnelMessage> & { readonly message?: unknown };

type Timer = 'welcome' | 'hello' | 'heartbeat' | 'report' | 'renew' | 'drained' | 'close';

export class Tunnel {
  readonly #socket: TunnelSocket;
  readonly #ports: TunnelPorts;
  readonly #timers: Timers<Timer>;
  readonly #link: LinkProbe;
  readonly #welcomed = withResolvers<string>();
  readonly #closed = withResolvers<SallyportError | null>();
  readonly #drained = withResolvers<boolean>();
  readonly #earlyFrames: string[] = [];
  #open = true;
  #connectionId: string | null = null;
  /** Settled by the first welcome, for this tunnel's life: routers go by what its first hello said. */
  #keysApart: boolean | null = null;
  #key: FrameKey | null = null;
  #failure: SallyportError | null = null;
  #askedAt = 0;
  #heartbeatAt = 0;
  /** When one may come sooner than it would anyway. */
  #reportFrom = 0;
  /** What the last heartbeat told. */
  #reported: readonly OriginReport[] | null = null;

  /** Says hello on a socket that is open. */
  constructor(socket: TunnelSocket, ports: TunnelPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#timers = new Timers(ports.clock);
    this.#welcomed.promise.catch(() => {});
    socket.on('message', (data) => this.#receive(data.toString()));
    socket.on('pong', () => this.#link.pong());
    socket.on('close', (code, reason) => this.#end(code, reason.toString()));

    this.#timers.arm('welcome', WELCOME_MS, () =>
      this.#fail(new SallyportError('ERR_SERVICE_UNREACHABLE', `The service did not welcome this tunnel within ${WELCOME_MS} ms.`)),
    );
    this.#hello();
    this.#link = new LinkProbe({
      clock: ports.clock,
      ping: () => socket.ping(),
      message: () => this.#say({ type: 'probe' }),
      onDead: (silentFor) =>
        this.#fail(new SallyportError('ERR_SERVICE_UNREACHABLE', `The link is dead: no sign for ${Math.round(silentFor)} ms.`)),
    });
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
    this.#timers.arm('hello', Math.max(0, RENEW_PAUSE_MS - since), () => this.#hello());
  }

  /** Something has become known of an origin: the next heartbeat comes sooner. */
  report(): void {
    if (!this.#open || this.#connectionId === null) return;
    const waitMs = Math.max(REPORT_GATHER_MS, this.#reportFrom - this.#ports.clock.monotonic());
    this.#timers.armOnce('report', waitMs, () => {
      const origins = this.#ports.reports.due();
      if (origins) this.#beat(origins);
    });
  }

  /**
   * Tells the registry that this tunnel takes no new exchanges; resolves when it has heard, or does not answer: whether another connector
   * may take them.
   */
  async drain(): Promise<boolean> {
    if (!this.#open || this.#connectionId === null) return false;
    this.#timers.arm('drained', DRAINED_MS, () => this.#drained.resolve(true));
    this.#say({ type: 'drain' });
    const others = await this.#drained.promise;
    this.#timers.disarm('drained');
    return others;
  }

  close(): void {
    if (!this.#open) return;
    this.#stopTimers();
    this.#socket.close(1000, 'done');
    this.#timers.arm('close', CLOSE_MS, () => this.#socket.terminate());
  }

  #hello(): void {
    this.#timers.disarm('hello');
    this.#askedAt = this.#ports.clock.monotonic();
    this.#say({ type: 'hello', version: VERSION, ...(this.#keysApart !== false && { keysApart: true }) });
  }

  #receive(text: string): void {
    this.#link.sign();
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
        if (this.#reported) this.#ports.reports.delivered(this.#reported);
        this.#reported = null;
        return;
      case 'drained':
        this.#drained.resolve(message.others !== false);
        return;
      case 'echo':
        return;
      case 'refused':
        this.#refused(message.code, message.message);
        return;
      default:
        // API Gateway's own words: the function failed, or no route took the message.
        this.#ports.log.warn('tunnel.platform', { said: String(message.message ?? '').slice(0, 200) });
        if (this.#connectionId === null) this.#timers.arm('hello', HELLO_AGAIN_MS, () => this.#hello());
    }
  }

  async #welcome(sealed: string, connectionId: string, now: number): Promise<void> {
    const { serviceClock, openWelcome, onWelcome, onOpen } = this.#ports;
    if (Number.isSafeInteger(now)) serviceClock.learn(now, this.#askedAt);
    try {
      const welcome = await openWelcome(sealed);
      if (!this.#open) return;
      this.#keysApart ??= welcome.keysApart === true;
      this.#key = this.#keysApart ? connectorSide(welcome.frameKey) : welcome.frameKey;
      onWelcome(welcome);
      this.#scheduleRenewal(welcome.credentials.expiresAt);
    } catch (error) {
      this.#fail(error instanceof SallyportError ? error : new SallyportError('ERR_INTERNAL', String(error), { cause: error }));
      return;
    }
    if (this.#connectionId !== null) return;
    this.#connectionId = connectionId;
    this.#timers.disarm('welcome');
    this.#heartbeat();
    onOpen(connectionId);
    this.#welcomed.resolve(connectionId);
    // What is known by then is told even if nothing changes any more.
    this.report();
    for (const frame of this.#earlyFrames.splice(0)) this.#frame(frame);
  }

  #frame(text: string): void {
    if (this.#connectionId !== null && this.#key !== null) this.#ports.onFrame(text, this.#key);
    else if (this.#earlyFrames.length < EARLY_FRAMES_MAX) this.#earlyFrames.push(text);
  }

  /** A renewal that fails is not the end: the secrets at hand hold for a while yet. */
  #refused(code: unknown, message: unknown): void {
    const error = new SallyportError(isErrorCode(code) ? code : 'ERR_INTERNAL', `The service refused: ${String(message)}`);
    if (this.#connectionId !== null && error.traits.retryable) {
      this.#ports.log.warn('tunnel.refused', { error });
      this.#drained.resolve(true);
    } else {
      this.#fail(error);
    }
  }

  #heartbeat(): void {
    this.#timers.arm('heartbeat', HEARTBEAT_MS, () => this.#beat(this.#ports.reports.heartbeat()));
  }

  #beat(origins: readonly OriginReport[] | null): void {
    this.#heartbeatAt = this.#ports.clock.monotonic();
    this.#reportFrom = this.#heartbeatAt + REPORT_PAUSE_MS;
    this.#reported = origins;
    this.#say({ type: 'heartbeat', ...(origins && { origins }) });
    this.#heartbeat();
  }

  #scheduleRenewal(expiresAt: number): void {
    const { serviceClock, random } = this.#ports;
    const life = expiresAt - serviceClock.now();
    const wait = Math.max(RENEW_AGAIN_MS, life * (RENEW_SHARE + (random() - 0.5) * 2 * RENEW_JITTER));
    const ask = () => {
      this.#hello();
      // Asked again until a welcome comes, which sets this timer anew.
      this.#timers.arm('renew', RENEW_AGAIN_MS, ask);
    };
    this.#timers.arm('renew', wait, ask);
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
    this.#drained.resolve(true);
    const orderly = code === 1000 || code === 1001;
    const failure = this.#failure ?? new SallyportError('ERR_SERVICE_UNREACHABLE', `The tunnel was closed (${code} ${reason}).`);
    this.#welcomed.reject(failure);
    this.#closed.resolve(orderly ? null : failure);
  }

  #stopTimers(): void {
    this.#link.stop();
    this.#timers.clear();
  }
}
