// What the Lambda runtime puts into the global scope of a function with response streaming (aws.md §4.1).
import type { Writable } from 'node:stream';

export interface ResponsePrelude {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
}

export interface ResponseStream extends Writable {
  /** Before the first write. */
  setContentType(type: string): void;
}

export interface LambdaContext {
  /** While true, an older runtime waits for every socket to close before it takes the next request. */
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export type StreamingHandler<Event> = (event: Event, stream: ResponseStream, context: LambdaContext) => Promise<void>;

declare global {
  const awslambda: {
    streamifyResponse<Event>(handler: StreamingHandler<Event>): StreamingHandler<Event>;
  };
}
