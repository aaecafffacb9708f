// Which execution environment of a function takes an invocation: an idle one, the last used first; else whichever is free first, one that is
// started now or one whose work ends before. Where the cores are busy anyway, more environments would make all of them slower: then none is
// started while others come free sooner than one starts. Environments that wait for something, each other perhaps, come free no more, and
// whoever waits for them gets new ones.
import type { Environment } from './environment.ts';
import type { TakeTurn } from './turns.ts';

export interface PoolPorts {
  /** Starts one and resolves when it has initialised. */
  readonly open: () => Promise<Environment>;
  readonly takeTurn: TakeTurn;
  /** Whether this machine's cores have time to spare. */
  readonly hasCores: () => boolean;
  /** This machine's time, whatever the simulated one is. */
  readonly now: () => number;
  readonly after: (ms: number, callback: () => void) => void;
  /** How many environments there are. The first waits for no turn, since others may need an answer of this function to get on. */
  readonly size: () => number;
  /** So many are started whether or not the cores are busy: they wait for each other's answers in part. */
  readonly sizeFree: number;
  /** Whether it may take another invocation, or is due for replacement. */
  readonly isFit: (environment: Environment) => boolean;
}

interface Waiting {
  readonly resolve: (environment: Environment) => void;
  readonly reject: (error: unknown) => void;
}

/** The least and the most that a start is taken to last. */
const START_MIN_MS = 250;
const START_MAX_MS = 1_000;
/** Between two looks at what keeps an environment from being started. */
const LOOK_MS = 20;

export class EnvironmentPool {
  readonly #ports: PoolPorts;
  readonly #idle: Environment[] = [];
  readonly #waiting: Waiting[] = [];
  #starting = 0;
  #startMs = START_MIN_MS;
  /** When somebody who waited was given one that came free, or began to wait where nobody did. */
  #movedAt = 0;
  #looking = false;
  #end: Error | null = null;

  constructor(ports: PoolPorts) {
    this.#ports = ports;
  }

  /** Rejects with what kept an environment from starting. */
  async take(): Promise<Environment> {
    if (this.#end) throw this.#end;
    const idle = this.#takeIdle();
    if (idle) return idle;
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#movedAt = this.#ports.now();
      this.#waiting.push({ resolve, reject });
      void this.#startForAll();
    });
  }

  /** It has done its work. */
  free(environment: Environment): void {
    if (this.#waiting.length === 0) this.#idle.push(environment);
    else if (this.#ports.isFit(environment)) {
      this.#movedAt = this.#ports.now();
      this.#give(environment);
    } else environment.kill();
  }

  /** It has ended. */
  remove(environment: Environment): void {
    const at = this.#idle.indexOf(environment);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Nothing is started any more, and whoever waits is told why. */
  dispose(why: Error): void {
    this.#end = why;
    for (const { reject } of this.#waiting.splice(0)) reject(why);
  }

  #takeIdle(): Environment | null {
    for (let environment = this.#idle.pop(); environment; environment = this.#idle.pop()) {
      if (environment.state !== 'idle') continue;
      if (this.#ports.isFit(environment)) return environment;
      environment.kill();
    }
    return null;
  }

  #give(environment: Environment): void {
    const longest = this.#waiting.shift();
    if (longest) longest.resolve(environment);
    else this.#idle.push(environment);
  }

  /** Starts environments until as many start as are waited for. Once at work, it is for all. */
  async #startForAll(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { takeTurn, size, after } = this.#ports;
    while (this.#lacks) {
      if (this.#starting === 0 && size() === 0) void this.#start(() => {});
      else if (this.#isDue) {
        const free = await takeTurn();
        // Whoever this is for may have been served meanwhile.
        if (this.#lacks && this.#isDue) void this.#start(free);
        else free();
      } else await new Promise<void>((resume) => after(LOOK_MS, resume));
    }
    this.#looking = false;
  }

  get #lacks(): boolean {
    return this.#waiting.length > this.#starting;
  }

  get #isDue(): boolean {
    const { size, sizeFree, hasCores, now } = this.#ports;
    return Math.max(size(), this.#starting) < sizeFree || hasCores() || now() - this.#movedAt >= this.#startMs;
  }

  async #start(free: () => void): Promise<void> {
    const { open, now } = this.#ports;
    const from = now();
    this.#starting += 1;
    try {
      this.#give(await open());
      this.#startMs = Math.min(Math.max(now() - from, START_MIN_MS), START_MAX_MS);
    } catch (error) {
      this.#waiting.shift()?.reject(error);
    } finally {
      this.#starting -= 1;
      free();
    }
  }
}
