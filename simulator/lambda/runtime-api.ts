// The Runtime API that one execution environment speaks ("Using the Lambda runtime API", Lambda Developer Guide):
// a server on loopback that hands out invocations one at a time and takes their responses. It keeps no time and kills nobody.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QUOTAS } from '../quotas.ts';
import { FunctionError, parseErrorObject, responseBrokenOff, responseTooLarge } from './function-error.ts';

const PREFIX = '/2018-06-01/runtime';
const ERROR_MAX_BYTES = 256 * 1024;

export interface Invocation {
  readonly requestId: string;
  /** The event as JSON. */
  readonly event: string;
  readonly functionArn: string;
  /** Milliseconds since the epoch, by the clock that the function reads. */
  readonly deadlineMs: number;
  readonly traceId: string;
}

/** What a function answered: a buffered result is one chunk. */
export interface Answer {
  readonly streamed: boolean;
  readonly chunks: AsyncIterable<Buffer>;
  /** Closes the stream under the function. */
  abort(): void;
}

export interface RuntimeEvents {
  /** The runtime asks for an invocation: it has initialised, or is done with the last one. */
  polled(): void;
  answered(requestId: string, answer: Answer): void;
  failed(requestId: string, error: FunctionError): void;
  initialisationFailed(error: FunctionError): void;
}

export class RuntimeApi {
  readonly #server: Server;
  readonly #events: RuntimeEvents;
  #poll: ServerResponse | null = null;
  #current: string | null = null;

  constructor(events: RuntimeEvents) {
    this.#events = events;
    this.#server = createServer((request, response) => {
      this.#route(request, response).catch(() => response.destroy());
    });
    // A frozen environment says nothing for hours and is still there.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.keepAliveTimeout = 0;
  }

  /** Answers `AWS_LAMBDA_RUNTIME_API`: host and port. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers the waiting poll. Throws when none waits: an environment takes one invocation at a time. */
  send(invocation: Invocation): void {
    if (!this.#poll) throw new Error('The runtime has not asked for an invocation.');
    const poll = this.#poll;
    this.#poll = null;
    this.#current = invocation.requestId;
    poll.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(invocation.deadlineMs),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': invocation.traceId,
    });
    poll.end(invocation.event);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) {
      this.#current = null;
      this.#poll = response;
      this.#events.polled();
      return;
    }
    if (request.method === 'POST' && path === `${PREFIX}/init/error`) {
      const { described } = await readError(request);
      accept(response);
      return this.#events.initialisationFailed(new FunctionError(described));
    }
    const [, requestId, what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (request.method !== 'POST' || !requestId) return refuse(response, 404, 'UnknownPath', `There is no ${request.method} ${path}.`);
    if (requestId !== this.#current) return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    if (what === 'error') {
      const error = await readError(request);
      accept(response);
      return this.#events.failed(requestId, error);
    }
    if (request.headers['lambda-runtime-function-response-mode'] === 'streaming') {
      return this.#events.answered(requestId, streamedAnswer(requestId, request, response));
    }
    return this.#takeResult(requestId, request, response);
  }

  async #takeResult(requestId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { resultMaxBytes } = QUOTAS.lambda;
    const payload = await readUpTo(request, resultMaxBytes);
    if (payload === null) {
      this.#events.failed(requestId, responseTooLarge(resultMaxBytes));
      return refuse(response, 413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${resultMaxBytes} bytes).`);
    }
    accept(response);
    this.#events.answered(requestId, bufferedAnswer(payload));
  }
}

const bufferedAnswer = (payload: Buffer): Answer => ({
  streamed: false,
  chunks: (async function* () {
    yield payload;
  })(),
  abort: () => {},
});

/** Reads the request as the receiver reads: what is not read yet stays in the socket, and the function's writes wait. */
const streamedAnswer = (requestId: string, request: IncomingMessage, response: ServerResponse): Answer => {
  // Answered before it is whole, and then closed: AWS's runtime client ends its process when a stream breaks without an answer.
  const abort = () => {
    if (response.headersSent) return;
    response.setHeader('connection', 'close');
    response.once('finish', () => request.destroy());
    accept(response);
  };
  async function* chunks(): AsyncGenerator<Buffer> {
    let total = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        total += chunk.length;
        if (total > QUOTAS.lambda.streamedMaxBytes) {
          abort();
          throw responseTooLarge(QUOTAS.lambda.streamedMaxBytes);
        }
        yield chunk;
      }
    } catch (error) {
      throw error instanceof FunctionError ? error : responseBrokenOff(requestId);
    }
    accept(response);
    const error = request.trailers['lambda-runtime-function-error-body'];
    if (error !== undefined) throw new FunctionError(parseErrorObject(Buffer.from(error, 'base64').toString('utf8')));
  }
  return { streamed: true, chunks: chunks(), abort };
};

/** The whole body, or null when it is longer; what is too much is read and dropped, so that the sender sees our answer. */
const readUpTo = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= maxBytes ? Buffer.concat(chunks, size) : null;
};

const readError = async (request: IncomingMessage): Promise<FunctionError> =>
  new FunctionError(parseErrorObject((await readUpTo(request, ERROR_MAX_BYTES))?.toString('utf8') ?? ''));

const accept = (response: ServerResponse): void => {
  if (response.headersSent) return;
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}\n');
};

const refuse = (response: ServerResponse, status: number, errorType: string, errorMessage: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errorType, errorMessage }));
};
