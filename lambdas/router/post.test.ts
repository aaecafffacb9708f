// PostToConnection by the real client, against a server that answers as API Gateway does.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createManagementClient, createPostFrame } from './post.ts';

const posts: Array<{ url: string; body: string }> = [];
let answers: Array<{ status: number; type?: string }> = [];
let server: Server;
let client: ApiGatewayManagementApiClient;

beforeEach(async () => {
  posts.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ url: request.url!, body: Buffer.concat(chunks).toString() });
      const { status, type } = answers.shift() ?? { status: 200 };
      response.writeHead(status, type ? { 'x-amzn-ErrorType': type, 'Content-Type': 'application/json' } : {});
      response.end(type ? '{}' : '');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'none' });
  client = createManagementClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
});
afterEach(async () => {
  client.destroy();
  await new Promise((closed) => server.close(closed));
});

test('posts the frame as it is', async () => {
  answers = [];

  expect(await createPostFrame(client)('abc=', '{"type":"x"}\n\nseal')).toBe('posted');
  expect(posts).toEqual([{ url: '/v1/@connections/abc%3D', body: '{"type":"x"}\n\nseal' }]);
});

test.each([
  [410, 'GoneException'],
  [400, 'BadRequestException'],
])('%i %s is a tunnel that is gone, and is not asked again', async (status, type) => {
  answers = [{ status, type }];

  expect(await createPostFrame(client)('abc=', 'x')).toBe('gone');
  expect(posts).toHaveLength(1);
});

test.each([
  [429, 'LimitExceededException'],
  [500, 'InternalServerErrorException'],
])('%i is tried again', async (status, type) => {
  answers = [{ status, type }];

  expect(await createPostFrame(client)('abc=', 'x')).toBe('posted');
  expect(posts).toHaveLength(2);
});

test('429 to the end is a busy connector: nothing was delivered', async () => {
  answers = Array.from({ length: 3 }, () => ({ status: 429, type: 'LimitExceededException' }));

  await expect(createPostFrame(client)('abc=', 'x')).rejects.toMatchObject({ code: 'ERR_CONNECTOR_BUSY' });
});

test('403 is a fault of the deployment', async () => {
  answers = [{ status: 403, type: 'ForbiddenException' }];

  await expect(createPostFrame(client)('abc=', 'x')).rejects.toMatchObject({
    code: 'ERR_INTERNAL',
    message: expect.stringContaining('ForbiddenException'),
  });
});

test('500 to the end is the platform’s own trouble', async () => {
  answers = Array.from({ length: 3 }, () => ({ status: 500, type: 'InternalServerErrorException' }));

  await expect(createPostFrame(client)('abc=', 'x')).rejects.toMatchObject({ code: 'ERR_TUNNEL_UNAVAILABLE' });
});

test('nobody who answers is the platform’s own trouble', async () => {
  await new Promise((closed) => server.close(closed));

  await expect(createPostFrame(client)('abc=', 'x')).rejects.toMatchObject({
    code: 'ERR_TUNNEL_UNAVAILABLE',
    message: expect.stringContaining('failed:'),
  });
});
