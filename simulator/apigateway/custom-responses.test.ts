// Gateway responses that a template words, as a client gets them.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type RestFixture, startRest } from './rest-fixture.ts';

const PROBLEM = { 'application/json': '{"code":"TOO_LARGE","id":"$context.requestId","said":$context.error.messageString}' };

let rest: RestFixture;
beforeEach(async () => {
  rest = await startRest({ rest: { payloadBytes: 10 } });
});
afterEach(() => rest.world.dispose());

const upload = (bytes: number) => rest.ask('/', { method: 'POST', body: 'x'.repeat(bytes) });

test('a worded response has the template’s body, status and headers, and the names of the request in it', async () => {
  const ResponseParameters = { 'gatewayresponse.header.Content-Type': "'application/problem+json'", 'gatewayresponse.header.X-One': "'1'" };
  rest.wording({ ResponseType: 'REQUEST_TOO_LARGE', StatusCode: '400', ResponseParameters, ResponseTemplates: PROBLEM });
  await rest.streaming();

  const { status, headers, body } = await upload(11);

  expect(status).toBe(400);
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    'x-one': '1',
    'x-amzn-errortype': 'RequestTooLargeException',
  });
  expect(JSON.parse(body)).toEqual({ code: 'TOO_LARGE', id: headers['x-amzn-requestid'], said: 'Request Too Long' });
});

test('a type without words of its own takes those of its class, and keeps its status', async () => {
  rest.wording({ ResponseType: 'DEFAULT_5XX', ResponseTemplates: { 'text/plain': 'broken' } });
  await rest.streaming();
  rest.world.streams.router = async function* () {
    yield 'no metadata';
  };

  const failed = await rest.ask('/');
  const tooLarge = await upload(11);

  expect(failed).toMatchObject({ status: 502, body: 'broken', headers: { 'content-type': 'text/plain' } });
  expect(tooLarge).toMatchObject({ status: 413, body: '{"message":"Request Too Long"}' });
});

test('words that come after the deployment wait for the next one', async () => {
  const RestApiId = await rest.streaming();
  await rest.world.create('AWS::ApiGateway::GatewayResponse', { RestApiId, ResponseType: 'REQUEST_TOO_LARGE', ResponseTemplates: PROBLEM });

  expect(await upload(11)).toMatchObject({ body: '{"message":"Request Too Long"}' });
});

test.each([
  ['a type that does not exist', { ResponseType: 'TOO_LARGE' }, /ResponseType/],
  [
    'a variable that is not simulated',
    { ResponseTemplates: { 'application/json': '$context.identity.user' } },
    /\$context\.identity\.user/,
  ],
  ['several templates', { ResponseTemplates: { ...PROBLEM, 'text/html': '<p>' } }, /more than one template/],
  ['a header of the request', { ResponseParameters: { 'gatewayresponse.header.X': 'method.request.header.Y' } }, /ResponseParameters/],
])('%s is refused', async (_, properties, message) => {
  rest.wording({ ResponseType: 'REQUEST_TOO_LARGE', ...properties });

  await expect(rest.streaming()).rejects.toThrow(message);
});
