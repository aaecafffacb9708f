// Who may connect to a WebSocket API: Lambda authorizer and IAM.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { refused, startWebSocketApi, type TestEvent, type WebSocketFixture } from './websocket-fixture.ts';

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('an authorizer', () => {
  const policy = (Effect: string, Resource = '*') => ({
    principalId: 'me',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
    context: { connector: 'c1', number: 7, yes: true },
  });

  const guarded = async (answer: (event: TestEvent) => unknown) => {
    const asked = tunnel.recording('authorizer', answer);
    const events = tunnel.recording('connect');
    await tunnel.route('$connect', { AuthorizationType: 'CUSTOM', AuthorizerId: await tunnel.authorizer() });
    return { asked, events };
  };

  test('lets in whom its policy allows, and its context arrives as text in every event', async () => {
    const { asked, events } = await guarded((event) => policy('Allow', event.methodArn));
    const messages = tunnel.recording('hello');
    await tunnel.route('hello');

    const client = await tunnel.connected({ Authorization: 'Bearer x' });
    client.send('{"type":"hello"}');
    await messages.until(1);

    const arn = `arn:aws:execute-api:us-east-1:123456789012:${tunnel.apiId}/live/$connect`;
    expect(asked.events[0]).toMatchObject({ type: 'REQUEST', methodArn: arn, headers: { Authorization: 'Bearer x' }, stageVariables: {} });
    const expected = { requestContext: { authorizer: { principalId: 'me', connector: 'c1', number: '7', yes: 'true' } } };
    expect(events.events[0]).toMatchObject(expected);
    expect(messages.events[0]).toMatchObject(expected);
    expect(tunnel.world.invokedFor[0]).toMatch(/\/authorizers\/[a-z0-9]{10}$/);
  });

  test.each([
    ['403 when the policy denies', () => policy('Deny'), 403, 'Forbidden'],
    [
      '403 when the policy is about something else',
      () => policy('Allow', 'arn:aws:execute-api:us-east-1:123456789012:other/*'),
      403,
      'Forbidden',
    ],
    ['401 when it throws Unauthorized', () => Promise.reject(new Error('Unauthorized')), 401, 'Unauthorized'],
    ['500 when it throws anything else', () => Promise.reject(new Error('boom')), 500, 'Internal server error'],
    ['500 when it answers no policy', () => ({ isAuthorized: true }), 500, 'Internal server error'],
    ['500 when its context is not flat', () => ({ ...policy('Allow'), context: { a: {} } }), 500, 'Internal server error'],
  ])('refuses with %s', async (_, answer, status, message) => {
    const { events } = await guarded(answer);

    expect(await refused(tunnel.dial({ Authorization: 'x' }))).toMatchObject({ status, body: { message } });
    expect(events.events).toEqual([]);
  });

  test('is not asked when the identity source is missing: 401', async () => {
    const { asked } = await guarded(() => policy('Allow'));

    expect(await refused(tunnel.dial())).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
    expect(asked.events).toEqual([]);
  });

  test('is asked again for each connection', async () => {
    const { asked } = await guarded(() => policy('Allow'));

    await tunnel.connected({ Authorization: 'x' });
    await tunnel.connected({ Authorization: 'x' });

    expect(asked.events).toHaveLength(2);
  });
});

describe('AWS_IAM on $connect', () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/execute-api/aws4_request';

  test('lets in who has signed and may invoke, and no one else', async () => {
    tunnel.recording('connect');
    await tunnel.route('$connect', { AuthorizationType: 'AWS_IAM' });

    const client = await tunnel.connected({ authorization });
    const unsigned = await refused(tunnel.dial());
    tunnel.world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${tunnel.apiId}/live/$connect`);
    const denied = await refused(tunnel.dial({ authorization }));

    expect(client.readyState).toBe(WebSocket.OPEN);
    expect([unsigned.status, denied.status]).toEqual([403, 403]);
  });
});
