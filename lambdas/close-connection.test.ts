// DeleteConnection by the real client, against a server that answers as API Gateway does.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createCloseConnection } from './close-connection.ts';
import { createManagementClient } from './router/post.ts';

let asked: string[];
let answers: Array<readonly [status: number, type: string]>;
let server: Server;
let client: ApiGatewayManagementApiClient;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [status, type] = answers.shift() ?? [204, ''];
    response.writeHead(status, type ? { 'x-amzn-ErrorType': type, 'Content-Type': 'application/json' } : {});
    response.end(type ? '{}' : '');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'none' });
  client = createManagementClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/live`);
});
afterEach(async () => {
  client.destroy();
  await new Promise((closed) => server.close(closed));
});

test('closes the one connection', async () => {
  answers = [];

  await createCloseConnection(client)('abc=');

  expect(asked).toEqual(['DELETE /live/@connections/abc%3D']);
});

test.each([
  [410, 'GoneException'],
  [400, 'BadRequestException'],
])('a connection that is no more is closed (%d %s)', async (status, type) => {
  answers = [[status, type]];

  await expect(createCloseConnection(client)('abc=')).resolves.toBeUndefined();
});

test('throttling is tried again; what is refused is told', async () => {
  answers = [
    [429, 'LimitExceededException'],
    [403, 'ForbiddenException'],
  ];

  await expect(createCloseConnection(client)('abc=')).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    message: 'DeleteConnection failed: ForbiddenException.',
  });
  expect(asked).toHaveLength(2);
});
