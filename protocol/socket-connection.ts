// The connection by which a user's side of a WebSocket is reached at the moment: asked for, dialled, and replaced when it is lost.
import type { SocketGrant, SocketRefusal } from './socket-grant.ts';
import { Timers } from './timers.ts';

export interface ConnectionPorts {
  /** Asks the application's host at /.sallyport/socket. Rejects when it cannot be asked. */
  readonly ask: (question: object) => Promise<SocketGrant | SocketRefusal>;
  /** Opens a connection of the platform's own. */
  readonly dial: (url: string, events: LinkEvents) => Link;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly now: () => number;
}

export interface Link {
  send(text: string): void;
  close(): void;
}

export interface LinkEvents {
  opened(): void;
  message(text: string): void;
  closed(): void;
}

export interface ConnectionEvents {
  /** A connection is there: the first, or one in place of another. */
  opened(first: boolean): void;
  message(text: string): void;
  /** There is none, and will be none. `code` and `reason` are what the WebSocket closes with. */
  failed(code: number, reason: string, why: string): void;
}

/** RFC 6455 §7.4.1. */
export const BROKEN_OFF = 1006;
const POLICY = 1008;

/** How long new connections are tried for while nothing answers (a connector waits no longer), and while who answers cannot give one. */
const AWAY_MS = 15 * 60_000;
const REFUSED_MS = 60_000;
const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 8_000;

export class SocketConnection {
  /** The connector's, which messages are for. */
  tunnel = '';
  readonly #ports: ConnectionPorts;
  readonly #events: ConnectionEvents;
  #grant: SocketGrant | null = null;
  #link: Link | null = null;
  /** To be called when the link at hand has ended, or must be taken to have. */
  #lost: () => void = () => undefined;
  #links = 0;
  #linked = false;
  #done = false;
  #lostAt: number | null = null;
  #refusedAt: number | null = null;
  #attempts = 0;
  readonly #timers: Timers<'resume'>;

  constructor(ports: ConnectionPorts, events: ConnectionEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#timers = new Timers(ports);
  }

  /** The first one, which stands for as long as the WebSocket does: there is none before a connection was. */
  get grant(): SocketGrant {
    return this.#grant!;
  }

  get linked(): boolean {
    return this.#linked;
  }

  async open(question: { readonly url: string; readonly protocols: readonly string[] }): Promise<void> {
    try {
      const answer = await this.#ports.ask(question);
      if (this.#done) return;
      if ('problem' in answer) return this.#events.failed(BROKEN_OFF, '', `${answer.status} ${answer.problem}`);
      this.#grant = answer;
      this.#dial(answer);
    } catch (error) {
      this.#events.failed(BROKEN_OFF, '', String(error));
    }
  }

  send(text: string): void {
    this.#link?.send(text);
  }

  /** Another one takes its place once it has ended. */
  close(): void {
    this.#link?.close();
  }

  /** Does not wait for its end, of which nobody may be told for a quarter of an hour. */
  lose(): void {
    this.#link?.close();
    this.#lost();
  }

  /** For good. */
  end(): void {
    this.#done = true;
    this.#timers.clear();
    this.#link?.close();
  }

  #dial({ connect, tunnel }: SocketGrant): void {
    this.tunnel = tunnel;
    let current = true;
    this.#lost = () => {
      if (!current) return;
      current = false;
      this.#linked = false;
      // Of a WebSocket that was never open nothing is lost.
      if (this.#links === 0) this.#events.failed(BROKEN_OFF, '', 'the connection to the Reply API was refused');
      else if (!this.#done) this.#resume();
    };
    this.#link = this.#ports.dial(connect, {
      opened: () => {
        if (!current || this.#done) return;
        this.#linked = true;
        this.#lostAt = null;
        this.#refusedAt = null;
        this.#attempts = 0;
        this.#links += 1;
        this.#events.opened(this.#links === 1);
      },
      message: (text) => {
        if (current && !this.#done) this.#events.message(text);
      },
      closed: this.#lost,
    });
  }

  #resume(): void {
    const { now } = this.#ports;
    this.#lostAt ??= now();
    if (now() - this.#lostAt > AWAY_MS || now() - (this.#refusedAt ?? now()) > REFUSED_MS) {
      this.#events.failed(BROKEN_OFF, '', 'no new connection in time');
      return;
    }
    const wait = this.#attempts === 0 ? 0 : Math.min(RETRY_BASE_MS * 2 ** this.#attempts, RETRY_CAP_MS);
    this.#attempts += 1;
    this.#timers.arm('resume', wait, () => void this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    try {
      const answer = await this.#ports.ask({ resume: this.grant.resume, link: Math.max(1, this.#links) });
      if (this.#done) return;
      if ('problem' in answer) {
        // Signed out, no access any more, or the WebSocket's time is up: it will not get better.
        if (answer.status < 500 && answer.status !== 429)
          return this.#events.failed(POLICY, answer.problem, `${answer.status} ${answer.problem}`);
        this.#refusedAt ??= this.#ports.now();
        return this.#resume();
      }
      this.#dial(answer);
    } catch {
      this.#resume();
    }
  }
}
