// The router's own WebSocket to the Reply API, one for each execution environment. The environment is frozen between invocations,
// so the socket may be dead without knowing it: it is probed when it was idle, replaced when it is lost or old, and running
// exchanges are told of the new one (D6). Frames reach only the exchange that they name and whose key opens them.
import { decode } from '../../protocol/codec.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { SOCKET_MAX_AGE_MS } from '../../protocol/limits.ts';
import type { Log } from '../../protocol/log.ts';
import type { Clock, ExchangeListener, ReplyChannel } from './ports.ts';

/** A socket as the channel needs it. */
export interface Link {
  send(text: string): void;
  /** Ends it at once; no event comes any more. */
  terminate(): void;
}

export interface LinkEvents {
  opened(): void;
  message(text: string): void;
  /** Also when it could not be opened. */
  closed(reason: string): void;
}

export type Dial = (url: string, events: LinkEvents) => Link;

export interface ReplySocketPorts {
  readonly url: string;
  readonly dial: Dial;
  /** A fresh ticket for one dial. */
  readonly ticket: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Line {
  readonly link: Link;
  readonly connectionId: string;
  readonly openedAt: number;
  /** When it was last known to live. */
  heardAt: number;
}

/** Unheard for longer than this, a socket is probed when it is needed. */
const IDLE_MS = 20_000;
/** API Gateway has closed a socket after 10 minutes of idleness. */
const IDLE_MAX_MS = 9.5 * 60_000;
/** Suspicion (1.5 s) and this stay below the 3 s after which a connector that was not heard at all is given up. */
const PROBE_ANSWER_MS = 1_000;
const DIAL_MS = 4_000;
const DIAL_PAUSES_MS = [100, 400];
/** Exchanges that are over: their late frames are expected and not worth a warning. */
const RECENT_MAX = 100;

const WHOAMI = JSON.stringify({ type: 'whoami' });

export class ReplySocket implements ReplyChannel {
  readonly #ports: ReplySocketPorts;
  readonly #exchanges = new Map<string, ExchangeListener>();
  readonly #recent = new Set<string>();
  #line: Line | null = null;
  #opening: Promise<string> | null = null;
  #cancelProbe: (() => void) | null = null;
  #closed = false;

  constructor(ports: ReplySocketPorts) {
    this.#ports = ports;
  }

  address(): Promise<string> {
    const line = this.#line;
    if (line === null) return this.#opening ?? this.#open();
    const now = this.#ports.clock.now();
    if (now - line.openedAt > SOCKET_MAX_AGE_MS || now - line.heardAt > IDLE_MAX_MS) return this.#replace('old');
    if (now - line.heardAt > IDLE_MS) this.probe();
    return Promise.resolve(line.connectionId);
  }

  probe(): void {
    const line = this.#line;
    if (line === null || this.#cancelProbe !== null) return;
    line.link.send(WHOAMI);
    this.#cancelProbe = this.#within(PROBE_ANSWER_MS, () => {
      this.#cancelProbe = null;
      if (this.#line === line) this.#lost('no answer to a probe');
    });
  }

  attend(exchange: string, listener: ExchangeListener): () => void {
    this.#exchanges.set(exchange, listener);
    return () => {
      if (!this.#exchanges.delete(exchange)) return;
      this.#recent.add(exchange);
      if (this.#recent.size > RECENT_MAX) this.#recent.delete(this.#recent.keys().next().value!);
    };
  }

  /** For tests and shutdown. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #open(): Promise<string> {
    const opening = this.#dialRepeatedly().then(
      (line) => {
        if (this.#opening === opening) this.#opening = null;
        this.#line = line;
        return line.connectionId;
      },
      (error: unknown) => {
        if (this.#opening === opening) this.#opening = null;
        throw asSallyportError(error, 'ERR_REPLY_CHANNEL');
      },
    );
    this.#opening = opening;
    // Begun at initialisation, awaited by the first request: until then a failure is nobody's.
    opening.catch(() => undefined);
    return opening;
  }

  #replace(reason: string): Promise<string> {
    this.#ports.log.info('reply-channel.replaced', { reason });
    this.#drop();
    return this.#open();
  }

  #lost(reason: string): void {
    if (this.#closed) return;
    this.#ports.log.info('reply-channel.lost', { reason, exchanges: this.#exchanges.size });
    this.#drop();
    // Without an exchange there is no hurry, and the environment may freeze in the middle of it: the next request opens a new one.
    if (this.#exchanges.size === 0) return;
    for (const listener of [...this.#exchanges.values()]) listener.interrupted();
    this.#open().then(
      (connectionId) => {
        for (const listener of [...this.#exchanges.values()]) listener.moved(connectionId);
      },
      (error: unknown) => {
        for (const listener of [...this.#exchanges.values()]) listener.lost(asSallyportError(error));
      },
    );
  }

  #drop(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = null;
    this.#line?.link.terminate();
    this.#line = null;
  }

  async #dialRepeatedly(): Promise<Line> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#dial();
      } catch (error) {
        const pause = DIAL_PAUSES_MS[attempt];
        this.#ports.log.warn('reply-channel.refused', { attempt: attempt + 1, error });
        if (pause === undefined || this.#closed) throw error;
        await new Promise<void>((resume) => this.#ports.clock.after(pause, resume));
      }
    }
  }

  /** A socket that has learnt its connection id. */
  async #dial(): Promise<Line> {
    const url = `${this.#ports.url}?ticket=${await this.#ports.ticket()}`;
    return await new Promise<Line>((resolve, reject) => {
      let line: Line | null = null;
      const refuse = (reason: string): void => {
        cancel();
        link.terminate();
        reject(new SallyportError('ERR_REPLY_CHANNEL', `The connection to the Reply API could not be opened: ${reason}.`));
      };
      const cancel = this.#within(DIAL_MS, () => refuse(`no connection id within ${DIAL_MS} ms`));
      const link = this.#ports.dial(url, {
        opened: () => link.send(WHOAMI),
        message: (text) => {
          if (line !== null) return this.#heard(line, text);
          const connectionId = connectionIdIn(text);
          if (connectionId === null) return;
          cancel();
          const now = this.#ports.clock.now();
          line = { link, connectionId, openedAt: now, heardAt: now };
          resolve(line);
        },
        closed: (reason) => {
          if (line === null) refuse(reason);
          else if (this.#line === line) this.#lost(reason);
        },
      });
    });
  }

  #heard(line: Line, text: string): void {
    line.heardAt = this.#ports.clock.now();
    if (line === this.#line) {
      this.#cancelProbe?.();
      this.#cancelProbe = null;
    }
    if (connectionIdIn(text) === null) this.#dispatch(text);
  }

  #dispatch(text: string): void {
    let claimed = '';
    try {
      let listener: ExchangeListener | undefined;
      const opened = decode(text, (exchange) => {
        claimed = exchange;
        listener = this.#exchanges.get(exchange);
        return listener?.key ?? null;
      });
      listener?.frame(opened);
    } catch (failure) {
      const error = asSallyportError(failure, 'ERR_FRAME_INVALID');
      const late = error.code === 'ERR_EXCHANGE_UNKNOWN' && this.#recent.has(claimed);
      this.#ports.log[late ? 'debug' : 'warn']('frame.refused', { exchange: claimed, error });
    }
  }

  /**
   * A deadline that a freeze does not eat up: when the environment thaws, timers run before what has arrived meanwhile is read,
   * so one that comes much too late gives the socket as long again.
   */
  #within(ms: number, expired: () => void): () => void {
    const { clock } = this.#ports;
    const startedAt = clock.now();
    let cancel = clock.after(ms, () => {
      if (clock.now() - startedAt < ms * 2) expired();
      else cancel = clock.after(ms, expired);
    });
    return () => cancel();
  }
}

const connectionIdIn = (text: string): string | null => {
  if (text.includes('\n')) return null;
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return null;
    const { type, connectionId } = message as Readonly<Record<string, unknown>>;
    return type === 'you-are' && typeof connectionId === 'string' && connectionId !== '' ? connectionId : null;
  } catch {
    return null;
  }
};
