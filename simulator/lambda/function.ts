// One function: its environments, of which each takes one invocation at a time; it bills what they take and writes what they say to the function's log.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arn } from '../account.ts';
import { QUOTAS } from '../quotas.ts';
import type { AccessKeys, Clock, Endpoints, Iam, Logs, Meter } from '../services.ts';
import type { Concurrency } from './concurrency.ts';
import { Environment, type Running } from './environment.ts';
import { exited, FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import { jsonLines, type PlatformLines, textLines } from './platform-lines.ts';
import { EnvironmentPool } from './pool.ts';
import type { Answer } from './runtime-api.ts';
import type { OpenSandbox } from './sandbox.ts';
import type { TakeTurn } from './turns.ts';
import { variablesOf } from './variables.ts';

/** An environment whose credentials end within this time after its invocation might end is not used again. */
const CREDENTIALS_MARGIN_MS = 60_000;
/** How long the end of a sandbox may lag behind the end of its sockets. */
const END_LAG_MS = 1000;
/** How long a runtime may take from its response to its next poll before the caller is not kept waiting for it. */
const POLL_LAG_MS = 20;

export interface FunctionDependencies {
  readonly iam: Iam;
  readonly logs: Logs;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly realTime: () => number;
  readonly random: () => number;
  readonly endpoints: Endpoints;
  readonly endpointUrl: () => string;
  readonly openSandbox: OpenSandbox;
  readonly concurrency: Concurrency;
  /** For starting an environment. */
  readonly takeTurn: TakeTurn;
  readonly hasCores: () => boolean;
  /** Of one function: so many are started however busy the cores are. */
  readonly environmentsFree: number;
  /** Added to each cold start. */
  readonly coldStartMs: number;
  /** Share of reuses at which an environment is replaced instead. */
  readonly recycleShare: number;
  readonly maxAgeMs: number;
}

/** An invocation that has a place; the answer may still be far. */
export interface Started {
  readonly requestId: string;
  readonly answer: Promise<Answer>;
}

export class LambdaFunction {
  readonly arn: string;
  readonly settings: FunctionSettings;
  readonly #with: FunctionDependencies;
  readonly #lines: PlatformLines;
  readonly #environments = new Set<Environment>();
  readonly #writers = new WeakMap<Environment, (line: string) => void>();
  readonly #pool: EnvironmentPool;
  #disposed = false;

  constructor(settings: FunctionSettings, dependencies: FunctionDependencies) {
    this.settings = settings;
    this.arn = arn('lambda', `function:${settings.name}`);
    this.#with = dependencies;
    this.#pool = new EnvironmentPool({
      open: () => this.#open(),
      takeTurn: dependencies.takeTurn,
      hasCores: dependencies.hasCores,
      now: () => performance.now(),
      after: (ms, callback) => void setTimeout(callback, ms),
      size: () => this.#environments.size,
      sizeFree: dependencies.environmentsFree,
      isFit: (environment) => this.#isFit(environment),
    });
    this.#lines = settings.logFormat === 'JSON' ? jsonLines(dependencies.realTime) : textLines;
  }

  get environments(): readonly Environment[] {
    return [...this.#environments];
  }

  /** Starts an invocation. Throws `AwsError` TooManyRequestsException; a function's own failure rejects `answer` with `FunctionError`. */
  start(event: string): Started {
    const requestId = randomUUID();
    const release = this.#with.concurrency.take(this.settings.name, this.settings.reservedConcurrency);
    return { requestId, answer: this.#run(requestId, event, release) };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#pool.dispose(exited(this.settings.name, 'signal: killed'));
    const environments = this.environments;
    for (const environment of environments) environment.kill();
    await Promise.all(environments.map((environment) => environment.ended));
  }

  async #run(requestId: string, event: string, release: () => void): Promise<Answer> {
    const { meter, realTime } = this.#with;
    const { timeoutMs } = this.settings;
    const startedAt = realTime();
    meter.add('invocations', 1, { function: this.settings.name });

    let environment: Environment;
    try {
      environment = await this.#pool.take();
    } catch (error) {
      this.#bill(realTime() - startedAt);
      release();
      throw error;
    }

    this.#write(environment, this.#lines.start(requestId));
    const running = environment.invoke(
      { requestId, event, functionArn: this.arn, deadlineMs: Math.round(realTime() + timeoutMs), traceId: traceId(realTime()) },
      timeoutMs,
    );
    void running.settled.then((durationMs) => {
      const initMs = environment.invocations === 1 ? environment.initMs : null;
      const billedMs = this.#bill(durationMs + (initMs ?? 0));
      const { memoryMegabytes } = this.settings;
      for (const line of this.#lines.end(requestId)) this.#write(environment, line);
      this.#write(environment, this.#lines.report({ requestId, durationMs, billedMs, memoryMegabytes, initMs }));
      release();
      if (environment.state === 'idle') this.#pool.free(environment);
    });

    const answer = await running.answer.catch(async (error) => {
      await settledWithin(POLL_LAG_MS, running, this.#with.clock);
      throw error;
    });
    return { ...answer, chunks: observed(answer.chunks, running, environment, this.#with.clock) };
  }

  #isFit(environment: Environment): boolean {
    const { clock, random, recycleShare, maxAgeMs } = this.#with;
    const now = clock.now();
    const credentialsEnd = now + this.settings.timeoutMs + CREDENTIALS_MARGIN_MS >= environment.expiresAt;
    return !credentialsEnd && now - environment.startedAt < maxAgeMs && !(recycleShare > 0 && random() < recycleShare);
  }

  /** A first failure of the Init phase is not final: Lambda tries again within the invocation, with the function's own time. */
  async #open(): Promise<Environment> {
    const { clock, coldStartMs } = this.#with;
    if (coldStartMs > 0) await new Promise<void>((resolve) => clock.after(coldStartMs, resolve));
    const first = this.#openEnvironment(QUOTAS.lambda.initMs);
    try {
      await first.ready;
      return first;
    } catch (error) {
      if (this.#disposed || !(error instanceof FunctionError)) throw error;
    }
    const second = this.#openEnvironment(this.settings.timeoutMs);
    await second.ready;
    return second;
  }

  #openEnvironment(initLimitMs: number): Environment {
    const { iam, clock, realTime, endpoints, endpointUrl, openSandbox } = this.#with;
    const { settings } = this;
    const id = randomUUID().replaceAll('-', '');
    const keys = iam.sessionForService(settings.roleArn, 'lambda.amazonaws.com', settings.name);
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logStream = `${day}/[$LATEST]${id}`;
    const temporaryDirectory = mkdtempSync(join(tmpdir(), 'sallyport-environment-'));
    const writeLine = this.#lineWriter(keys, logStream);

    const environment = Environment.open({
      id,
      openSandbox,
      clock,
      realTime,
      initLimitMs,
      memoryMegabytes: settings.memoryMegabytes,
      directory: settings.directory,
      expiresAt: keys.expiresAt ?? Number.POSITIVE_INFINITY,
      onLine: writeLine,
      variables: (runtimeApi) => {
        const own = endpoints.localise(settings.variables);
        return variablesOf({ settings, own, keys, runtimeApi, logStream, temporaryDirectory, endpointUrl: endpointUrl() });
      },
    });
    this.#environments.add(environment);
    this.#writers.set(environment, writeLine);
    void environment.ended.then(() => {
      this.#environments.delete(environment);
      this.#pool.remove(environment);
      rmSync(temporaryDirectory, { recursive: true, force: true });
    });
    return environment;
  }

  /** Lines that come together are put together: one call to CloudWatch Logs, one check of permissions. */
  #lineWriter(keys: AccessKeys, logStream: string): (line: string) => void {
    let waiting: string[] = [];
    return (line) => {
      waiting.push(line);
      if (waiting.length > 1) return;
      setImmediate(() => {
        const lines = waiting;
        waiting = [];
        this.#with.logs.putLogEvents(keys, this.settings.logGroup, logStream, lines);
      });
    };
  }

  #write(environment: Environment, line: string): void {
    this.#writers.get(environment)?.(line);
  }

  /** Durations are billed by the millisecond, rounded up, the Init phase included. */
  #bill(durationMs: number): number {
    const billedMs = Math.ceil(durationMs);
    this.#with.meter.add('gb-seconds', (billedMs / 1000) * (this.settings.memoryMegabytes / 1024), { function: this.settings.name });
    return billedMs;
  }
}

/**
 * The answer's chunks. One that breaks off because its environment ended says so: timed out, exited, killed.
 * The end is held back until the environment is free again, so that a caller's next request finds it.
 */
async function* observed(chunks: AsyncIterable<Buffer>, running: Running, environment: Environment, clock: Clock): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    await settledWithin(END_LAG_MS, running, clock);
    throw environment.causeOfEnd ?? error;
  }
  await settledWithin(POLL_LAG_MS, running, clock);
}

const settledWithin = async (ms: number, { settled }: Running, clock: Clock): Promise<void> => {
  let cancel = () => {};
  const lag = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([settled, lag]);
  cancel();
};

const traceId = (nowMs: number): string =>
  `Root=1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomUUID().replaceAll('-', '').slice(0, 24)};Sampled=0`;
