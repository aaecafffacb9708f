// Who may call a route of an HTTP API: IAM and Lambda authorizers.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { functionUri } from '../apigateway/fixture.ts';
import { type HttpEvent, type HttpFixture, startHttpApi } from './http-fixture.ts';

const SIGNED = 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/execute-api/aws4_request';

let portal: HttpFixture;
beforeEach(async () => {
  portal = await startHttpApi();
});
afterEach(() => portal.world.dispose());

describe('AWS_IAM', () => {
  test('lets in who has signed and may invoke this path, and tells the function who', async () => {
    const events = portal.recording('control');
    await portal.route('ANY /control/{proxy+}', 'control', { AuthorizationType: 'AWS_IAM' });
    portal.world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${portal.apiId}/$default/GET/control/secret`);

    const unsigned = await portal.ask('/control/x');
    const denied = await portal.ask('/control/secret', { headers: { authorization: SIGNED } });
    const signed = await portal.ask('/control/x', { headers: { authorization: SIGNED } });

    expect([unsigned.status, unsigned.body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(denied.status).toBe(403);
    expect(signed.status).toBe(200);
    const iam = { accessKey: 'AKIAEXAMPLE', userArn: 'arn:aws:iam::123456789012:user/AKIAEXAMPLE', accountId: '123456789012' };
    expect(events).toEqual([
      expect.objectContaining({ requestContext: expect.objectContaining({ authorizer: { iam: expect.objectContaining(iam) } }) }),
    ]);
  });
});

describe('a Lambda authorizer', () => {
  const guarded = async (answer: (event: HttpEvent) => unknown, properties: Record<string, unknown> = { EnableSimpleResponses: true }) => {
    const asked = portal.recording('authorizer', answer);
    const events = portal.recording('portal');
    const { ref } = await portal.world.create('AWS::ApiGatewayV2::Authorizer', {
      ApiId: portal.apiId,
      Name: 'A',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionUri('authorizer'),
      AuthorizerPayloadFormatVersion: '2.0',
      IdentitySource: ['$request.header.Authorization'],
      ...properties,
    });
    await portal.route('GET /x', 'portal', { AuthorizationType: 'CUSTOM', AuthorizerId: ref });
    return { asked, events };
  };
  const headers = { authorization: 'Bearer x' };

  test('decides simply, and its context reaches the function', async () => {
    const { asked, events } = await guarded(() => ({ isAuthorized: true, context: { number: 7 } }));

    const { status } = await portal.ask('/x', { headers });

    expect(status).toBe(200);
    expect(asked[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: `arn:aws:execute-api:us-east-1:123456789012:${portal.apiId}/$default/GET/x`,
      identitySource: ['Bearer x'],
      routeKey: 'GET /x',
    });
    expect(events[0]).toMatchObject({ requestContext: { authorizer: { lambda: { number: 7 } } } });
  });

  test('decides by policy', async () => {
    const statement = (Effect: string) => ({ Action: 'execute-api:Invoke', Effect, Resource: '*' });
    let effect = 'Allow';
    await guarded(() => ({ principalId: 'me', policyDocument: { Statement: [statement(effect)] } }), {});

    const allowed = await portal.ask('/x', { headers });
    effect = 'Deny';
    const denied = await portal.ask('/x', { headers });

    expect([allowed.status, denied.status]).toEqual([200, 403]);
  });

  test.each([
    ['403 when it says no', () => ({ isAuthorized: false }), 403],
    ['401 when it throws Unauthorized', () => Promise.reject(new Error('Unauthorized')), 401],
    ['500 when it fails', () => Promise.reject(new Error('boom')), 500],
    ['500 when it answers something else', () => ({}), 500],
  ])('refuses with %s', async (_, answer, status) => {
    const { events } = await guarded(answer);

    expect((await portal.ask('/x', { headers })).status).toBe(status);
    expect(events).toEqual([]);
  });

  test('is not asked without identity, and its answer is kept for its time to live', async () => {
    const { asked } = await guarded(() => ({ isAuthorized: true }), { EnableSimpleResponses: true, AuthorizerResultTtlInSeconds: 300 });

    const without = await portal.ask('/x');
    await portal.ask('/x', { headers });
    await portal.ask('/x', { headers });
    const kept = asked.length;
    await portal.world.clock.advance(300_000);
    await portal.ask('/x', { headers });

    expect([without.status, without.body]).toEqual([401, '{"message":"Unauthorized"}']);
    expect([kept, asked.length]).toEqual([1, 2]);
  });
});
