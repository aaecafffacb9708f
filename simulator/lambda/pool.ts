// Which execution environment of a function takes an invocation: an idle one, the last used first; else whichever is free first, one that is
// started now or one whose work ends before. What starts slowly would otherwise have ever more started, and all of them later.
import type { Environment } from './environment.ts';
import type { TakeTurn } from './turns.ts';

export interface PoolPorts {
  /** Starts one and resolves when it has initialised. */
  readonly open: () => Promise<Environment>;
  readonly takeTurn: TakeTurn;
  /** Whether there is any environment: the first waits for no turn, since others may need an answer of this function to get on. */
  readonly isEmpty: () => boolean;
  /** Whether it may take another invocation, or is due for replacement. */
  readonly isFit: (environment: Environment) => boolean;
}

interface Waiting {
  readonly resolve: (environment: Environment) => void;
  readonly reject: (error: unknown) => void;
}

export class EnvironmentPool {
  readonly #ports: PoolPorts;
  readonly #idle: Environment[] = [];
  readonly #waiting: Waiting[] = [];
  #starting = 0;
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
      this.#waiting.push({ resolve, reject });
      void this.#start();
    });
  }

  /** It has done its work. */
  free(environment: Environment): void {
    if (this.#waiting.length === 0) this.#idle.push(environment);
    else if (this.#ports.isFit(environment)) this.#give(environment);
    else environment.kill();
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

  async #start(): Promise<void> {
    const { open, takeTurn, isEmpty } = this.#ports;
    const free = this.#starting === 0 && isEmpty() ? () => {} : await takeTurn();
    // Whoever this is for may have been served meanwhile, or will be by those that are starting.
    if (this.#waiting.length <= this.#starting) return free();
    this.#starting += 1;
    try {
      this.#give(await open());
    } catch (error) {
      this.#waiting.shift()?.reject(error);
    } finally {
      this.#starting -= 1;
      free();
    }
  }
}
