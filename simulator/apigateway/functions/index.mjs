// Functions for the test of streaming through API Gateway and Lambda together.
import { once } from 'node:events';

const { streamifyResponse, HttpResponseStream } = globalThis.awslambda;

export const greet = streamifyResponse(async (event, responseStream) => {
  const response = HttpResponseStream.from(responseStream, { statusCode: 201, headers: { 'x-path': event.path }, cookies: ['a=1', 'b=2'] });
  response.write('hello ');
  response.end('world');
});

/** Its first bytes come by end(), which sends no prelude. */
export const endOnly = streamifyResponse(async (_event, responseStream) => {
  HttpResponseStream.from(responseStream, { statusCode: 200 }).end('lost');
});

export const failLater = streamifyResponse(async (_event, responseStream) => {
  HttpResponseStream.from(responseStream, { statusCode: 200 }).write('some');
  throw new Error('in the middle');
});

export const failFirst = streamifyResponse(async () => {
  throw new Error('before anything');
});

/** Opens its stream and has nothing to say yet. */
export const wait = streamifyResponse(async (_event, responseStream) => {
  responseStream.setContentType('application/vnd.awslambda.http-integration-response');
  responseStream.write('');
  process.stdout.write('waiting\n');
  await once(responseStream, 'close');
  process.stdout.write('the user has gone\n');
});

/** Writes until it is told that nobody listens any more. */
export const forever = streamifyResponse(async (_event, responseStream) => {
  const response = HttpResponseStream.from(responseStream, { statusCode: 200 });
  const timer = setInterval(() => response.write('tick '), 5);
  await once(responseStream, 'close');
  clearInterval(timer);
  process.stdout.write('the user has gone\n');
});
