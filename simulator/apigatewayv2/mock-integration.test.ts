// MOCK integrations: what a client gets, and what is refused at deployment.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { nextMessage, refused, startWebSocketApi, type WebSocketFixture } from './websocket-fixture.ts';

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('a MOCK integration', () => {
  const unanswered = async () => {
    const { ref } = await tunnel.world.create('AWS::ApiGatewayV2::Integration', {
      ApiId: tunnel.apiId,
      IntegrationType: 'MOCK',
      IntegrationUri: '',
      RequestTemplates: { '200': '{"statusCode":200}' },
      TemplateSelectionExpression: '200',
    });
    return ref;
  };

  const mock = async (template: string, selection?: string, key = '$default') => {
    const ref = await unanswered();
    await tunnel.world.create('AWS::ApiGatewayV2::IntegrationResponse', {
      ApiId: tunnel.apiId,
      IntegrationId: ref,
      IntegrationResponseKey: key,
      ResponseTemplates: { [selection ?? '$default']: template },
      ...(selection && { TemplateSelectionExpression: selection }),
    });
    return ref;
  };

  test('answers what its template says of the connection, without a function', async () => {
    const integration = await mock('{"type":"you-are","connectionId":"$context.connectionId","id":"$context.requestId"}', 'you');
    await tunnel.routeTo('whoami', integration, { RouteResponseSelectionExpression: '$default' }, true);
    const client = await tunnel.connected();

    client.send('{"type":"whoami"}');

    const { connectionId } = tunnel.sockets()[0]!;
    expect(await nextMessage(client)).toEqual({ type: 'you-are', connectionId, id: expect.stringMatching(/=$/) });
    expect(tunnel.world.invokedFor).toEqual([]);
  });

  test('lets $connect pass', async () => {
    await tunnel.routeTo('$connect', await mock('{}'), {}, true);

    expect((await tunnel.connected()).readyState).toBe(WebSocket.OPEN);
  });

  test.each<[string, () => Promise<string>, boolean]>([
    ['an integration response', unanswered, true],
    ['an integration response for its status', () => mock('{}', undefined, '/5\\d\\d/'), true],
    ['a route response', () => mock('{}'), false],
  ])('refuses every connection by status 500 where $connect has not %s', async (_, integration, hasReply) => {
    await tunnel.routeTo('$connect', await integration(), {}, hasReply);

    expect(await refused(tunnel.dial())).toMatchObject({ status: 500, body: { message: 'Internal server error' } });
  });

  test('without an integration response complains to who sent the message', async () => {
    await tunnel.routeTo('whoami', await unanswered(), {}, true);
    const client = await tunnel.connected();

    client.send('{"type":"whoami"}');

    expect(await nextMessage(client)).toMatchObject({ message: 'Internal server error' });
  });

  test.each([
    ['a function of VTL', '$input.path("$.x")'],
    ['another variable', '$context.identity.sourceIp'],
    ['a directive', '#set($x = 1)'],
  ])('is refused at deployment when a template has %s', async (_, template) => {
    await expect(mock(template)).rejects.toThrow(/Invalid mapping template/);
  });

  test('is refused when no request template is selected: the message would be taken for the status', async () => {
    const properties = { ApiId: tunnel.apiId, IntegrationType: 'MOCK', RequestTemplates: { 'application/json': '{"statusCode":200}' } };

    await expect(tunnel.world.create('AWS::ApiGatewayV2::Integration', properties)).rejects.toThrow(/needs a request template \$default/);
  });
});
