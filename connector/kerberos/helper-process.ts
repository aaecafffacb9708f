// The connector's side of its Kerberos helper: starts it when it is needed, keeps the time for it, starts it again when it dies or hangs.
// No native code runs here.
import type { ChildProcess } from 'node:child_process';
import type { Log } from '../../protocol/log.ts';
import type { Clock } from '../clock.ts';
import type { Failure, HelperAnswer, HelperRequest, Negotiate, Negotiated, Verified } from './messages.ts';

/** A helper whose event loop is alive answers at once. */
const PING_DEADLINE_MS = 5_000;
/** One that died before it answered anything is not started again for so long. */
const RESTART_MS = 5_000;
const LAST_WORDS_CHARACTERS = 2_000;

/** Without an answer: what came instead of one. */
export class HelperFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.call}: ${failure.text}`);
    this.failure = failure;
  }
}

class HelperDied extends HelperFailure {}

export interface HelperProcessOptions {
  /** Starts the program with an IPC channel and its standard error piped. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly log: Log;
}

/** A token, and the context that its answer is verified with. One of verify and close must be called. */
export interface Negotiation extends Negotiated {
  /** `token`: base64. Rejects with a HelperFailure. */
  verify(token: string): Promise<Verified>;
  close(): void;
}

interface Waiting {
  readonly op: HelperRequest['op'];
  readonly resolve: (answer: HelperAnswer) => void;
  readonly reject: (error: HelperFailure) => void;
}

interface Running {
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
  /** Contexts that are neither verified nor closed. */
  open: number;
  answered: boolean;
  retired: boolean;
  lastWords: string;
}

export class HelperProcess {
  readonly #options: HelperProcessOptions;
  #running: Running | null = null;
  #failedAt = Number.NEGATIVE_INFINITY;
  #lastWords = '';
  #ids = 0;

  constructor(options: HelperProcessOptions) {
    this.#options = options;
  }

  /** Null while none is needed. */
  get pid(): number | null {
    return this.#running?.child.pid ?? null;
  }

  /** Rejects with a HelperFailure. A helper that dies meanwhile is asked anew, once. */
  async negotiate(ask: Omit<Negotiate, 'op' | 'id'>): Promise<Negotiation> {
    try {
      return await this.#negotiate(ask);
    } catch (error) {
      if (!(error instanceof HelperDied)) throw error;
      return await this.#negotiate(ask);
    }
  }

  /** Another process from now on: what waits for a domain controller is asked anew there; what is open ends where it began. */
  replace(): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.retired = true;
    for (const [id, { op, reject }] of running.waiting) {
      if (op !== 'negotiate') continue;
      running.waiting.delete(id);
      reject(new HelperDied({ call: 'helper', text: 'The Kerberos helper was replaced.' }));
    }
    this.#endRetired(running);
  }

  close(): void {
    const running = this.#running;
    this.#running = null;
    if (running?.child.connected) running.child.disconnect();
  }

  async #negotiate(ask: Omit<Negotiate, 'op' | 'id'>): Promise<Negotiation> {
    const running = this.#helper();
    const of = this.#nextId();
    const close = () => this.#send(running, { op: 'close', of });
    let isOpen = false;
    const end = () => {
      if (isOpen) running.open -= 1;
      isOpen = false;
      this.#endRetired(running);
    };
    const answer = await this.#ask(running, { ...ask, op: 'negotiate', id: of }).catch((error: unknown) => {
      close();
      throw error;
    });
    if (!('negotiated' in answer)) throw unexpected(answer);
    isOpen = true;
    running.open += 1;
    return {
      ...answer.negotiated,
      close: () => {
        close();
        end();
      },
      verify: async (token) => {
        const verified = await this.#ask(running, { op: 'verify', id: this.#nextId(), of, token }).finally(end);
        if (!('verified' in verified)) throw unexpected(verified);
        return verified.verified;
      },
    };
  }

  #endRetired({ child, retired, open }: Running): void {
    if (retired && open === 0 && child.connected) child.disconnect();
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #ask(running: Running, request: Exclude<HelperRequest, { op: 'close' }>): Promise<HelperAnswer> {
    const { clock, deadlineMs } = this.#options;
    return new Promise<HelperAnswer>((resolve, reject) => {
      if (!running.child.connected)
        return reject(new HelperDied({ call: 'helper', text: `The Kerberos helper ended. ${running.lastWords}` }));
      const inTime = clock.after(deadlineMs, () => {
        running.waiting.delete(request.id);
        if (request.op !== 'ping') this.#ping(running);
        reject(new HelperFailure({ call: 'slot', text: `No domain controller answered within ${deadlineMs} ms.` }));
      });
      running.waiting.set(request.id, {
        op: request.op,
        resolve: (answer) => {
          inTime();
          resolve(answer);
        },
        reject: (error) => {
          inTime();
          reject(error);
        },
      });
      this.#send(running, request);
    });
  }

  /** Is it the domain controller that does not answer, or the helper? */
  #ping(running: Running): void {
    const id = this.#nextId();
    const inTime = this.#options.clock.after(PING_DEADLINE_MS, () => {
      this.#options.log.warn('kerberos.helper-hangs', { pid: running.child.pid });
      running.child.kill('SIGKILL');
    });
    running.waiting.set(id, { op: 'ping', resolve: inTime, reject: inTime });
    this.#send(running, { op: 'ping', id });
  }

  #send({ child }: Running, request: HelperRequest): void {
    // A helper that is going tells so by its exit.
    if (child.connected) child.send(request, () => undefined);
  }

  #helper(): Running {
    if (this.#running) return this.#running;
    const { clock, start, log } = this.#options;
    if (clock.monotonic() - this.#failedAt < RESTART_MS) {
      throw new HelperFailure({ call: 'helper', text: `The Kerberos helper could not start. ${this.#lastWords}` });
    }
    const child = start();
    const running: Running = { child, waiting: new Map(), open: 0, answered: false, retired: false, lastWords: '' };
    this.#running = running;
    child.stderr?.on('data', (chunk: Buffer) => {
      running.lastWords = `${running.lastWords}${chunk}`.slice(-LAST_WORDS_CHARACTERS);
    });
    child.on('message', (answer: HelperAnswer) => {
      running.answered = true;
      const waiting = running.waiting.get(answer.id);
      running.waiting.delete(answer.id);
      waiting?.resolve(answer);
    });
    const ended = (why: string) => {
      if (this.#running === running) this.#running = null;
      if (!running.answered) {
        this.#failedAt = clock.monotonic();
        this.#lastWords = running.lastWords.trim() || why;
      }
      if (running.waiting.size > 0) log.warn('kerberos.helper-died', { pid: child.pid, why, lastWords: running.lastWords.trim() });
      for (const { reject } of running.waiting.values()) {
        reject(new HelperDied({ call: 'helper', text: `The Kerberos helper ended (${why}). ${running.lastWords.trim()}` }));
      }
      running.waiting.clear();
    };
    child.once('error', (error) => ended(error.message));
    // After `exit`, what it wrote may still be on its way.
    child.once('close', (code, signal) => ended(String(signal ?? code)));
    return running;
  }
}

const unexpected = (answer: HelperAnswer): HelperFailure =>
  new HelperFailure('failure' in answer ? answer.failure : { call: 'helper', text: 'The Kerberos helper answered something else.' });
