// Simulated AWS Lambda: functions of the template, run from the assets of the assembly, invoked in the three ways that Lambda knows.
import { availableParallelism } from 'node:os';
import type { ControlRoute } from '../control.ts';
import { Guardian } from '../guardian.ts';
import { QUOTAS } from '../quotas.ts';
import { type Assets, AwsError, type InvokeResult, type InvokeStream, type Lambda, type ResourceTypes } from '../services.ts';
import { createAsyncQueue } from './async-queue.ts';
import { createConcurrency } from './concurrency.ts';
import { watchCores } from './cores.ts';
import type { FunctionDependencies, LambdaFunction } from './function.ts';
import { FunctionError, responseTooLarge } from './function-error.ts';
import { pace } from './pace.ts';
import { arnOf, resourceTypes } from './resources.ts';
import { environmentRoutes } from './routes.ts';
import type { Answer } from './runtime-api.ts';
import { type Mode, openProcess, openThread, type Runtime } from './sandbox.ts';
import { createTurns } from './turns.ts';

/** AWS states no lifetime of an environment, only that it ends some time; hours, by what is observed. */
const MAX_AGE_MS = 8 * 3_600_000;
/** So many environments start at once, and so many of one function are started however busy the cores are. */
const FEW = 2 * availableParallelism();

export interface LambdaDependencies extends Pick<FunctionDependencies, 'iam' | 'logs' | 'meter' | 'clock' | 'endpoints' | 'endpointUrl'> {
  readonly mode: Mode;
  readonly assets: Assets;
  readonly random?: () => number;
  /** @default the machine's time */
  readonly realTime?: () => number;
  /** Added to each cold start. @default 0 */
  readonly coldStartMs?: number;
  /** Share of reuses at which an environment is replaced instead. @default 0 */
  readonly recycleShare?: number;
  readonly maxAgeMs?: number;
  /** Account-wide. @default 1000, as a new account has */
  readonly concurrentExecutions?: number;
  /** Whether a streamed response slows down to 2 MB/s after 6 MB, as AWS's does. @default true */
  readonly pacing?: boolean;
  /** Whether a function sees that the reader of its stream has gone. `unseen`: it writes on, into nothing, as on AWS. @default 'seen' */
  readonly departures?: Departures;
  /** What runs functions in the faithful mode. @default bootstrap.mjs, by the Node.js of this process */
  readonly runtime?: Runtime;
}

export type Departures = 'seen' | 'unseen';

export interface LambdaService extends Lambda {
  readonly mode: Mode;
  /** Of a function that is named by its name or its ARN. Throws `AwsError`. */
  arnOf(nameOrArn: string): string;
  readonly resources: ResourceTypes;
  readonly routes: readonly ControlRoute[];
  dispose(): Promise<void>;
}

export const createLambda = (dependencies: LambdaDependencies): LambdaService => {
  const { mode, clock, pacing = true, departures = 'seen', concurrentExecutions = QUOTAS.lambda.concurrentExecutions } = dependencies;
  const guardian = new Guardian();
  const concurrency = createConcurrency(concurrentExecutions);
  const functions = new Map<string, LambdaFunction>();
  const functionDependencies: FunctionDependencies = {
    ...dependencies,
    concurrency,
    takeTurn: createTurns(FEW),
    environmentsFree: FEW,
    hasCores: watchCores(),
    openSandbox: mode === 'faithful' ? openProcess(guardian, dependencies.runtime) : openThread,
    random: dependencies.random ?? Math.random,
    realTime: dependencies.realTime ?? (() => performance.timeOrigin + performance.now()),
    coldStartMs: dependencies.coldStartMs ?? 0,
    recycleShare: dependencies.recycleShare ?? 0,
    maxAgeMs: dependencies.maxAgeMs ?? MAX_AGE_MS,
  };

  const find = (functionArn: string): LambdaFunction => {
    const found = functions.get(functionArn);
    if (!found) throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${functionArn}`);
    return found;
  };

  const invoke = async (functionArn: string, event: unknown): Promise<InvokeResult> => {
    const target = find(functionArn);
    const { answer } = target.start(serialise(event, QUOTAS.lambda.eventMaxBytes));
    try {
      return { payload: (await collect(await answer)).toString('utf8') };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      return { payload: error.payload, functionError: 'Unhandled' };
    }
  };

  const invokeStreaming = async (functionArn: string, event: unknown): Promise<InvokeStream> => {
    const target = find(functionArn);
    const { answer } = target.start(serialise(event, QUOTAS.lambda.eventMaxBytes));
    answer.catch(() => {}); // Told to whoever reads the chunks.
    const limits = { burstBytes: QUOTAS.lambda.streamedBurstBytes, bytesPerSecond: QUOTAS.lambda.streamedBytesPerSecond, clock };
    const chunks = (async function* () {
      const { chunks } = await answer;
      yield* pacing ? pace(chunks, limits) : chunks;
    })();
    const close = () => {
      answer.then(
        (given) => given.abort(),
        () => {},
      );
    };
    return { chunks, abort: departures === 'seen' ? close : () => void readOn(chunks) };
  };

  const queue = createAsyncQueue({ clock, invoke });
  return {
    mode,
    arnOf: (nameOrArn) => arnOf(functions, nameOrArn),
    invoke,
    invokeStreaming,
    invokeAsync: (functionArn, event) => {
      find(functionArn);
      serialise(event, QUOTAS.lambda.asyncEventMaxBytes);
      queue.add(functionArn, event);
    },
    resources: resourceTypes({ functions, concurrency, queue, functionDependencies, assets: dependencies.assets, iam: dependencies.iam }),
    routes: environmentRoutes(functions),
    dispose: async () => {
      queue.dispose();
      await Promise.all([...functions.values()].map((each) => each.dispose()));
      guardian.dispose();
    },
  };
};

const serialise = (event: unknown, maxBytes: number): string => {
  const text = JSON.stringify(event ?? null);
  if (Buffer.byteLength(text) > maxBytes) {
    throw new AwsError(413, 'RequestTooLargeException', `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation`);
  }
  return text;
};

/** What nobody takes any more is taken and dropped, so that the function goes on to its end. */
const readOn = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
  try {
    for await (const _ of chunks);
  } catch {
    // The function failed, or wrote more than it may: there is nobody left to tell.
  }
};

/** A buffered invocation takes a streamed answer too, as far as a buffered one may go. */
const collect = async (answer: Answer): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.chunks) {
    size += chunk.length;
    if (size > QUOTAS.lambda.resultMaxBytes) throw responseTooLarge(QUOTAS.lambda.resultMaxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};
