// MOCK integrations: what a client gets, and what is refused at deployment.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { nextMessage, startWebSocketApi, type WebSocketFixture } from './websocket-fixture.ts';

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('a MOCK integration', () => {
  const mock = async (template: string, selection?: string) => {
    const { ref } = await tunnel.world.create('AWS::ApiGatewayV2::Integration', {
      ApiId: tunnel.apiId,
      IntegrationType: 'MOCK',
      IntegrationUri: '',
      RequestTemplates: { '200': '{"statusCode":200}' },
      TemplateSelectionExpression: '200',
    });
    await tunnel.world.create('AWS::ApiGatewayV2::IntegrationResponse', {
      ApiId: tunnel.apiId,
      IntegrationId: ref,
      IntegrationResponseKey: '$default',
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
    await tunnel.routeTo('$connect', await mock('{}'));

    expect((await tunnel.connected()).readyState).toBe(WebSocket.OPEN);
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
