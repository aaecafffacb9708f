// One execution environment: a sandbox and the Runtime API that it speaks. Initialised once, then one invocation at a time;
// frozen from the moment its runtime asks for the next one until that comes ("Lambda execution environment lifecycle").
import type { Clock } from '../services.ts';
import { deferred } from './deferred.ts';
import { exited, type FunctionError, timedOut } from './function-error.ts';
import { type Answer, type Invocation, RuntimeApi } from './runtime-api.ts';
import type { OpenSandbox, Sandbox } from './sandbox.ts';

export type EnvironmentState = 'initialising' | 'idle' | 'busy' | 'ended';

export interface EnvironmentOptions {
  readonly id: string;
  readonly openSandbox: OpenSandbox;
  readonly clock: Clock;
  /** Real milliseconds since the epoch: what a function takes is measured by the time it lives in, also where a test moves the clock. */
  readonly realTime: () => number;
  readonly initLimitMs: number;
  readonly memoryMegabytes: number;
  readonly directory: string;
  /** The environment's variables, once the Runtime API's address is known. */
  readonly variables: (runtimeApi: string) => Readonly<Record<string, string>>;
  /** When the credentials among the variables end; the environment is not used after that. */
  readonly expiresAt: number;
  readonly onLine: (line: string) => void;
}

export interface Running {
  readonly answer: Promise<Answer>;
  /** Resolves with the milliseconds taken once the environment is free again or has ended. */
  readonly settled: Promise<number>;
}

interface Current {
  readonly invocation: Invocation;
  readonly startedAt: number;
  readonly fulfil: (answer: Answer) => void;
  readonly fail: (error: FunctionError) => void;
  readonly settle: (ms: number) => void;
  readonly cancelDeadline: () => void;
  sent: boolean;
}

export class Environment {
  readonly id: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #initialised = deferred();
  readonly #ended = deferred();
  #ready: Promise<void> = Promise.resolve();
  #sandbox: Sandbox | null = null;
  #state: EnvironmentState = 'initialising';
  #frozen = false;
  #release: (() => void) | null = null;
  #current: Current | null = null;
  #initMs = 0;
  #invocations = 0;
  #killed = false;
  #causeOfEnd: FunctionError | null = null;

  private constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.id = options.id;
    this.startedAt = options.clock.now();
    this.expiresAt = options.expiresAt;
    this.#api = new RuntimeApi({
      polled: () => this.#polled(),
      answered: (_requestId, answer) => this.#current?.fulfil(answer),
      failed: (_requestId, error) => this.#current?.fail(error),
      initialisationFailed: (error) => this.#initialised.reject(error),
    });
  }

  static open(options: EnvironmentOptions): Environment {
    const environment = new Environment(options);
    environment.#ready = environment.#initialise();
    return environment;
  }

  /** Resolves once it has initialised. Throws `FunctionError` when it could not; nothing is left running then. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get pid(): number | null {
    return this.#sandbox?.pid ?? null;
  }

  get initMs(): number {
    return this.#initMs;
  }

  get invocations(): number {
    return this.#invocations;
  }

  /** Why it ended in the middle of an invocation. */
  get causeOfEnd(): FunctionError | null {
    return this.#causeOfEnd;
  }

  /** Resolves when the environment has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Gives it an invocation. Only an idle environment takes one. */
  invoke(invocation: Invocation, timeoutMs: number): Running {
    if (this.#state !== 'idle') throw new Error(`Environment ${this.id} is ${this.#state}, not idle.`);
    const answer = deferred<Answer>();
    const settled = deferred<number>();
    this.#state = 'busy';
    this.#invocations += 1;
    const cancelDeadline = this.#options.clock.after(timeoutMs, () => {
      this.#causeOfEnd = timedOut(invocation.requestId, timeoutMs);
      answer.reject(this.#causeOfEnd);
      this.kill();
    });
    this.#current = {
      invocation,
      startedAt: this.#options.realTime(),
      fulfil: answer.resolve,
      fail: answer.reject,
      settle: settled.resolve,
      cancelDeadline,
      sent: false,
    };
    this.#thawAndSend();
    return { answer: answer.promise, settled: settled.promise };
  }

  /** A stall: stops it now, whatever it does, for so long. False where the sandbox cannot be stopped, or has ended. */
  freezeFor(ms: number): boolean {
    if (this.#state === 'ended' || this.pid === null) return false;
    this.#release?.();
    this.#freeze();
    const cancel = this.#options.clock.after(ms, () => {
      this.#release = null;
      if (this.#state === 'busy') this.#thawAndSend();
      else if (this.#state === 'initialising') this.#thaw();
    });
    this.#release = cancel;
    return true;
  }

  kill(): void {
    this.#killed = true;
    // Its sandbox ends a moment later, but it takes nothing any more.
    this.#state = 'ended';
    this.#sandbox?.kill();
  }

  async #initialise(): Promise<void> {
    const { openSandbox, clock, realTime, initLimitMs, variables, directory, memoryMegabytes, onLine } = this.#options;
    const startedAt = realTime();
    let cancel = () => {};
    try {
      const address = await this.#api.listen();
      if (this.#killed) throw exited(this.id, 'signal: killed');
      this.#sandbox = openSandbox({ variables: variables(address), directory, memoryMegabytes, onLine });
      void this.#sandbox.ended.then((how) => this.#end(how));
      cancel = clock.after(initLimitMs, () => this.#initialised.reject(timedOut(this.id, initLimitMs)));
      await this.#initialised.promise;
      this.#initMs = realTime() - startedAt;
    } catch (error) {
      if (this.#sandbox) this.kill();
      else this.#end('not started');
      await this.ended;
      throw error;
    } finally {
      cancel();
    }
  }

  #polled(): void {
    if (this.#state === 'ended') return;
    this.#state = 'idle';
    this.#freeze();
    this.#initialised.resolve();
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    current.cancelDeadline();
    // A runtime that asks for more without having answered has lost the invocation.
    current.fail(exited(current.invocation.requestId, 'no response'));
    current.settle(this.#options.realTime() - current.startedAt);
  }

  #thawAndSend(): void {
    if (this.#release) return;
    this.#thaw();
    if (!this.#current || this.#current.sent) return;
    this.#current.sent = true;
    this.#api.send(this.#current.invocation);
  }

  #freeze(): void {
    this.#sandbox?.freeze();
    this.#frozen = this.pid !== null;
  }

  #thaw(): void {
    this.#sandbox?.thaw();
    this.#frozen = false;
  }

  #end(how: string): void {
    const current = this.#current;
    this.#state = 'ended';
    this.#frozen = false;
    this.#current = null;
    this.#release?.();
    this.#release = null;
    this.#api.close();
    this.#initialised.reject(exited(this.id, how));
    // The environment may end without anybody waiting for its initialisation any more.
    this.#initialised.promise.catch(() => {});
    if (current) {
      current.cancelDeadline();
      this.#causeOfEnd ??= exited(current.invocation.requestId, how);
      current.fail(this.#causeOfEnd);
      current.settle(this.#options.realTime() - current.startedAt);
    }
    this.#ended.resolve();
  }
}
