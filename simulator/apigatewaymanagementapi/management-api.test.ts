// @connections, called by AWS's own client and judged by the simulator's own IAM.
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  ForbiddenException,
  GetConnectionCommand,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { functionArn, functionUri, type GatewayFixture, startGateway } from '../apigateway/fixture.ts';
import { systemClock } from '../clock.ts';
import { createIam, type IamService } from '../iam/iam.ts';
import type { AccessKeys } from '../services.ts';

const UNKNOWN = 'AAAAAAAAAAAAAAA=';

let world: GatewayFixture;
let iam: IamService;
let apiId: string;
const clients: WebSocket[] = [];
const managers: ApiGatewayManagementApiClient[] = [];

beforeEach(async () => {
  iam = createIam({ clock: systemClock });
  world = await startGateway({ iam, v2: { clientBufferBytes: 256 * 1024 } });
  const { ref } = await world.create('AWS::ApiGatewayV2::Api', {
    Name: 'Reply',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.type',
  });
  apiId = ref;
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: 'live', AutoDeploy: true });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  for (const manager of managers.splice(0)) manager.destroy();
  await world.dispose();
});

const origin = () => world.endpoints.localise(`https://${apiId}.execute-api.us-east-1.amazonaws.com`);

const manager = (credentials: AccessKeys = iam.administrator, stage = 'live') => {
  const client = new ApiGatewayManagementApiClient({ endpoint: `${origin()}/${stage}`, region: 'us-east-1', credentials, maxAttempts: 1 });
  managers.push(client);
  return client;
};

const post = (ConnectionId: string, Data: string | Buffer, by = manager()) =>
  by.send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(Data) }));

const connected = async (): Promise<{ client: WebSocket; connectionId: string }> => {
  const before = new Set(connectionIds());
  const client = new WebSocket(`${origin().replace('http', 'ws')}/live`, { headers: { 'user-agent': 'tester' } });
  clients.push(client);
  await once(client, 'open');
  return { client, connectionId: connectionIds().find((id) => !before.has(id)) ?? '' };
};

const connectionIds = (): string[] =>
  (world.control('GET', '/sockets', '') as { sockets: Array<{ connectionId: string }> }).sockets.map(({ connectionId }) => connectionId);

test('a post reaches the client as text', async () => {
  const { client, connectionId } = await connected();
  const message = once(client, 'message');

  await post(connectionId, 'grüße');
  const [data, isBinary] = await message;

  expect([String(data), isBinary]).toEqual(['grüße', false]);
  expect(world.meter.snapshot().lines).toContainEqual({
    unit: 'websocket-messages',
    amount: 1,
    labels: { api: 'Reply', direction: 'out', route: '@connections' },
  });
});

test('128 KB reach the client in frames of 32 KB at most, one byte more is PayloadTooLargeException', async () => {
  const { client, connectionId } = await connected();
  const lengths: number[] = [];
  const text = 'ä'.repeat(64 * 1024);
  const { port } = new URL(origin());
  const raw = connect(Number(port), '127.0.0.1');
  raw.write(
    'GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await once(raw, 'data');
  const rawId = connectionIds().find((id) => id !== connectionId) ?? '';
  const received = new Promise<void>((resolve) => {
    let bytes = Buffer.alloc(0);
    raw.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      // A server's frame of this size: two bytes, then 16 or 64 bits of length.
      while (bytes.length > 10) {
        const short = bytes[1]! & 0x7f;
        const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : bytes.readUInt16BE(2);
        const size = (short === 127 ? 10 : 4) + length;
        if (bytes.length < size) return;
        lengths.push(length);
        const last = (bytes[0]! & 0x80) !== 0;
        bytes = bytes.subarray(size);
        if (last) resolve();
      }
    });
  });
  const message = once(client, 'message');

  await post(connectionId, text);
  await post(rawId, text);
  const [data] = await message;
  await received;
  raw.destroy();

  expect(String(data)).toBe(text);
  expect(lengths).toEqual([32_768, 32_768, 32_768, 32_768]);
  await expect(post(connectionId, `${text}x`)).rejects.toThrow(PayloadTooLargeException);
});

test('an unknown connection is GoneException, a malformed id BadRequestException', async () => {
  await expect(post(UNKNOWN, 'x')).rejects.toThrow(GoneException);
  await expect(post('short', 'x')).rejects.toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
});

test('a connection of another stage is gone', async () => {
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: 'other', AutoDeploy: true });
  const { connectionId } = await connected();

  await expect(post(connectionId, 'x', manager(iam.administrator, 'other'))).rejects.toThrow(GoneException);
});

test('a connection is gone until its $connect has answered', async () => {
  const integration = await world.create('AWS::ApiGatewayV2::Integration', {
    ApiId: apiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: functionUri('connect'),
  });
  await world.create('AWS::ApiGatewayV2::Route', { ApiId: apiId, RouteKey: '$connect', Target: `integrations/${integration.ref}` });
  const sourceArn = `arn:aws:execute-api:us-east-1:123456789012:${apiId}/*$connect`;
  const permission = { principal: 'apigateway.amazonaws.com', action: 'lambda:InvokeFunction', resource: functionArn('connect') };
  iam.permitService({ logicalId: 'Permission', ...permission, sourceArn });
  let early: unknown;
  world.functions.connect = async ({ requestContext }: { requestContext: { connectionId: string } }) => {
    early = await post(requestContext.connectionId, 'too early').catch((error: unknown) => error);
    return { statusCode: 200 };
  };

  const { connectionId } = await connected();
  await post(connectionId, 'in time');

  expect(early).toBeInstanceOf(GoneException);
});

test('a connection tells who it is, and ends normally when it is deleted', async () => {
  const { client, connectionId } = await connected();
  const closed = once(client, 'close');

  const told = await manager().send(new GetConnectionCommand({ ConnectionId: connectionId }));
  await manager().send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
  const [code, reason] = await closed;

  expect(told).toMatchObject({
    ConnectedAt: expect.any(Date),
    LastActiveAt: expect.any(Date),
    Identity: { SourceIp: '127.0.0.1', UserAgent: 'tester' },
  });
  expect([code, String(reason)]).toEqual([1000, 'Connection Closed Normally']);
  await expect(post(connectionId, 'x')).rejects.toThrow(GoneException);
});

test('who may not manage a connection is ForbiddenException, for this very method and id', async () => {
  const mine = await connected();
  const theirs = await connected();
  const RoleName = 'poster';
  const { attributes } = (await iam.resources['AWS::IAM::Role']?.({
    logicalId: 'Poster',
    type: 'AWS::IAM::Role',
    stackName: 'Test',
    properties: {
      RoleName,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      },
      Policies: [
        {
          PolicyName: 'post',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: 'execute-api:ManageConnections',
                Resource: `arn:aws:execute-api:us-east-1:123456789012:${apiId}/live/POST/@connections/${mine.connectionId}`,
              },
            ],
          },
        },
      ],
    },
  }))!;
  const keys = iam.sessionForService(attributes?.Arn ?? '', 'lambda.amazonaws.com', 'test');
  const message = once(mine.client, 'message');

  await post(mine.connectionId, 'x', manager(keys));

  expect(String((await message)[0])).toBe('x');
  await expect(post(theirs.connectionId, 'x', manager(keys))).rejects.toThrow(ForbiddenException);
  await expect(manager(keys).send(new DeleteConnectionCommand({ ConnectionId: mine.connectionId }))).rejects.toThrow(ForbiddenException);
});

test('a wrong signature, and none, are 403', async () => {
  const { connectionId } = await connected();
  const unsigned = await fetch(`${origin()}/live/@connections/${encodeURIComponent(connectionId)}`, { method: 'POST', body: 'x' });

  expect(unsigned.status).toBe(403);
  await expect(post(connectionId, 'x', manager({ ...iam.administrator, secretAccessKey: 'wrong' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
});

test('a client that does not read fills its buffer: LimitExceededException', async () => {
  const { client, connectionId } = await connected();
  client.pause();
  const message = Buffer.alloc(128 * 1024, 'x');
  const by = manager();

  const fill = async () => {
    // What the two kernels hold is bounded; this is far more.
    for (let count = 0; count < 400; count += 1) await post(connectionId, message, by);
  };

  await expect(fill()).rejects.toThrow(LimitExceededException);
});

test('faults answer 410 and 429 although the connection lives', async () => {
  const { connectionId } = await connected();

  world.faults.set({ gone: 1 });
  await expect(post(connectionId, 'x')).rejects.toThrow(GoneException);
  world.faults.set({ throttle: 1 });
  await expect(post(connectionId, 'x')).rejects.toThrow(LimitExceededException);
  world.faults.set({ gone: 0, throttle: 0 });

  await expect(post(connectionId, 'x')).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
});

test('faults reorder two posts', async () => {
  const { client, connectionId } = await connected();
  const order: string[] = [];
  const both = new Promise<void>((resolve) => {
    client.on('message', (data) => {
      if (order.push(String(data)) === 2) resolve();
    });
  });
  world.faults.set({ reorder: 1 });

  await post(connectionId, 'first');
  await post(connectionId, 'second');
  await both;

  expect(order).toEqual(['second', 'first']);
});

test('a post to a connection that died in silence succeeds and is lost', async () => {
  const { client, connectionId } = await connected();
  const heard: unknown[] = [];
  client.on('message', (data) => heard.push(data));
  world.control('POST', '/sockets/:name/blackhole', connectionId);
  const other = await connected();
  const message = once(other.client, 'message');

  await post(connectionId, 'lost');
  await post(other.connectionId, 'kept');
  await message;

  expect(heard).toEqual([]);
});

test('a silenced post is never answered, until it is allowed again', async () => {
  const { connectionId } = await connected();
  const silent = new AbortController();
  world.control('POST', '/posts/:connectionId/blackhole', connectionId);
  const posting = manager()
    .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from('x') }), { abortSignal: silent.signal })
    .catch((error: Error) => error.name);
  // Another post, sent later, has come and gone.
  await expect(post(UNKNOWN, 'x')).rejects.toThrow(GoneException);

  silent.abort();
  const outcome = await posting;
  world.control('DELETE', '/posts/:connectionId/blackhole', connectionId);

  expect(outcome).toBe('AbortError');
  await expect(post(connectionId, 'x')).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
});

test('the links of posts to one connection are reset, those to others are not, and a new one is made', async () => {
  const { connectionId } = await connected();
  const other = await connected();
  const [mine, theirs] = [manager(), manager()];
  await post(connectionId, 'x', mine);
  await post(other.connectionId, 'x', theirs);
  world.control('POST', '/posts/:connectionId/blackhole', connectionId);
  const hanging = post(connectionId, 'x', mine);
  // Another post, sent later, has come and gone.
  await expect(post(UNKNOWN, 'x')).rejects.toThrow(GoneException);

  const answer = world.control('POST', '/posts/:connectionId/kill', connectionId);
  await expect(hanging).rejects.toThrow('ECONNRESET');
  world.control('DELETE', '/posts/:connectionId/blackhole', connectionId);

  expect(answer).toEqual({ links: 1 });
  await expect(post(connectionId, 'x', mine)).resolves.toMatchObject({ $metadata: { httpStatusCode: 200, attempts: 1 } });
  await expect(post(other.connectionId, 'x', theirs)).resolves.toMatchObject({ $metadata: { httpStatusCode: 200, attempts: 1 } });
});
