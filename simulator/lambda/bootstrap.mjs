// What stands in an execution environment beside the function's own code: takes invocations from the Runtime API, calls the
// handler, posts what it answers. Plain JavaScript, so that a process or a worker thread starts it without a loader.
// Behaves as AWS's own runtime client does (aws-lambda-ric 4; test/contract/lambda-runtime.test.ts compares the two).
import { existsSync } from 'node:fs';
import { Agent, request as open } from 'node:http';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { isMainThread } from 'node:worker_threads';

const API = '/2018-06-01/runtime';
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const THREAD_NICENESS = 5;

// A thread of the simulator's own process lets the simulator go first, which all of them wait for.
if (!isMainThread) setPriority(THREAD_NICENESS);

const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const agent = new Agent({ keepAlive: true });
let currentId;

// ── Runtime API ──────────────────────────────────────────────────────────────────────────────────────────

const call = (method, path, body, headers = {}) =>
  new Promise((fulfil, reject) => {
    const outgoing = open({ hostname, port, method, path: API + path, agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => fulfil({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const post = (path, value, headers) => {
  const body = Buffer.from(JSON.stringify(value === undefined ? null : value));
  return call('POST', path, body, { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers });
};

const postError = (path, error) => {
  const described = describe(error);
  return post(path, described, { [ERROR_TYPE]: described.errorType });
};

const sayError = (title, thrown) => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, code, stack } = error;
  say('ERROR', [title, `\t${JSON.stringify({ errorType: name, errorMessage: message, code, ...error, stack: stack?.split('\n') })}`]);
};

const describe = (error) =>
  error instanceof Error || (error?.name && error?.message && error?.stack)
    ? { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

const named = (name, message) => Object.assign(new Error(message), { name });

// ── console: timestamp, request id and level before each message ─────────────────────────────────────────

const asJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';

const say = (level, values) => {
  const time = new Date().toISOString();
  const line = asJson
    ? JSON.stringify({ timestamp: time, level, requestId: currentId, message: format(...values) })
    : `${time}\t${currentId ?? '-'}\t${level}\t${format(...values)}`;
  process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
};

for (const [method, level] of Object.entries({ trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR' })) {
  console[method] = (...values) => say(level, values);
}

// ── Response streaming ───────────────────────────────────────────────────────────────────────────────────

globalThis.awslambda = {
  streamifyResponse: (handler, options) => {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return handler;
  },
  HttpResponseStream: {
    from: (stream, prelude) => {
      stream.setContentType(PRELUDE_TYPE);
      const text = JSON.stringify(prelude);
      // Only write() looks for this: a stream that is ended without a write sends no prelude, here as there.
      stream._onBeforeFirstWrite = (write) => {
        write(text);
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

const METHODS = ['cork', 'destroy', 'end', 'uncork', 'write', 'setContentType'];
const EMITTER_METHODS = ['addListener', 'emit', 'eventNames', 'getMaxListeners', 'listenerCount', 'listeners', 'off', 'on', 'once'].concat([
  'prependListener',
  'prependOnceListener',
  'rawListeners',
  'removeAllListeners',
  'removeListener',
  'setMaxListeners',
]);
const PROPERTIES = ['destroyed', 'writable', '_onBeforeFirstWrite', 'writableFinished', 'writableObjectMode', 'writableEnded'].concat([
  'writableNeedDrain',
  'writableHighWaterMark',
  'writableCorked',
  'writableLength',
]);

/** The stream that a handler gets: the request that posts the response, without what is not a Writable's. */
const openResponseStream = (id, highWaterMark) => {
  let answered;
  const done = new Promise((fulfil, reject) => {
    answered = { fulfil, reject };
  });
  const outgoing = open(
    {
      hostname,
      port,
      method: 'POST',
      path: `${API}/invocation/${id}/response`,
      agent,
      highWaterMark,
      headers: {
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: [ERROR_TYPE, ERROR_BODY],
        'Content-Type': 'application/octet-stream',
      },
    },
    (response) => {
      response.resume();
      response.on('end', answered.fulfil);
      response.on('error', answered.reject);
    },
  );
  outgoing.on('error', answered.reject);
  done.catch(() => {}); // A handler that failed first is not awaited any more.

  let written = false;
  const write = outgoing.write.bind(outgoing);
  outgoing.write = (chunk, ...rest) => {
    const bytes = typeof chunk === 'string' || Buffer.isBuffer(chunk) || chunk?.constructor === Uint8Array ? chunk : JSON.stringify(chunk);
    if (!written) outgoing._onBeforeFirstWrite?.((first) => write(first));
    written = true;
    return write(bytes, ...rest);
  };
  outgoing.setContentType = (type) => {
    if (written) throw named('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    outgoing.setHeader('Content-Type', type);
  };

  const stream = Object.fromEntries([...METHODS, ...EMITTER_METHODS].map((name) => [name, outgoing[name].bind(outgoing)]));
  for (const name of PROPERTIES) {
    Object.defineProperty(stream, name, {
      get: () => outgoing[name],
      set: (value) => {
        outgoing[name] = value;
      },
    });
  }
  return { outgoing, stream, done };
};

const failStream = async ({ outgoing, done }, error) => {
  sayError('Invoke Error', error);
  if (!outgoing.destroyed && !outgoing.writableEnded) {
    const described = describe(error);
    outgoing.addTrailers({
      [ERROR_TYPE]: described.errorType,
      [ERROR_BODY]: Buffer.from(JSON.stringify(described)).toString('base64'),
    });
    outgoing.end();
  }
  await done.catch(() => {}); // The receiver may have gone: then there is nobody left to tell.
};

// ── One invocation ───────────────────────────────────────────────────────────────────────────────────────

const contextOf = (headers) => ({
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  xRayTraceId: headers['lambda-runtime-trace-id'],
  invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
  awsRequestId: headers['lambda-runtime-aws-request-id'],
  getRemainingTimeInMillis: () => Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
});

const runStreaming = async (handler, event, context) => {
  const response = openResponseStream(context.awsRequestId, handler[HIGH_WATER_MARK]);
  try {
    const result = handler(event, response.stream, context);
    if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    await result;
    await response.done;
    if (!response.stream.writableFinished) throw new Error('Response stream is not finished.');
  } catch (error) {
    await failStream(response, error);
  }
};

const runBuffered = async (handler, event, context) => {
  let result;
  try {
    result = await handler(event, context);
    JSON.stringify(result);
  } catch (error) {
    sayError('Invoke Error', error);
    await postError(`/invocation/${context.awsRequestId}/error`, error);
    return;
  }
  await post(`/invocation/${context.awsRequestId}/response`, result);
};

// ── Initialisation, then one invocation after the other ──────────────────────────────────────────────────

const loadHandler = async () => {
  const [file, name] = /^(.+)\.([^.]+)$/.exec(process.env._HANDLER ?? '')?.slice(1) ?? [];
  if (!file || file.includes('..')) throw named('Runtime.MalformedHandlerName', `'${process.env._HANDLER}' is not a valid handler name.`);
  const base = resolve(process.env.LAMBDA_TASK_ROOT ?? '.', file);
  const path = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (!path) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);

  const loaded = path.endsWith('.cjs') ? createRequire(path)(path) : await import(pathToFileURL(path).href).catch(rethrowSyntaxError);
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${process.env._HANDLER} is undefined or not exported`);
  }
  if (handler[STREAMING] !== 'response' && handler.length > 2) {
    throw named('Runtime.CallbackHandlerDeprecated', 'Callback-based function handlers are not supported as of Node.js 24.');
  }
  return handler;
};

const rethrowSyntaxError = (error) => {
  throw error instanceof SyntaxError ? named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`) : error;
};

const serve = async (handler) => {
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next');
    const context = contextOf(headers);
    currentId = context.awsRequestId;
    const run = handler[STREAMING] === 'response' ? runStreaming : runBuffered;
    await run(handler, JSON.parse(body), context);
  }
};

const handler = await loadHandler().catch(async (error) => {
  sayError('Init Error', error);
  await postError('/init/error', error);
  process.exit(1);
});
// A rejection or an exception that nobody handles ends the process as Node.js ends it: with status 1, and not a word to the Runtime API.
await serve(handler).catch(() => process.exit(1)); // The Runtime API has gone, and the environment with it.
