import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createTable } from './table.ts';

let end: () => void = () => undefined;
afterEach(() => end());

/** A table behind a service that answers everything with this error. */
const tableThatAnswers = async (status: number, name: string) => {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls += 1;
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'told so' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 2,
  });
  end = () => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  };
  return { table: createTable(DynamoDBDocumentClient.from(client), 'Registry'), calls: () => calls };
};

describe('a table', () => {
  test('that throttles is tried again, then reported busy with its name', async () => {
    const { table, calls } = await tableThatAnswers(400, 'ProvisionedThroughputExceededException');

    const read = table.get({ pk: 'a', sk: '-' });

    await expect(read).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringMatching(/Registry.*ProvisionedThroughputExceededException/),
    });
    expect(calls()).toBe(2);
  });

  test('that fails inside is reported busy', async () => {
    const { table } = await tableThatAnswers(500, 'InternalServerError');

    await expect(table.query('a')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('that refuses the function for good is a fault of the deployment, not of the moment', async () => {
    const { table, calls } = await tableThatAnswers(400, 'AccessDeniedException');

    await expect(table.scan()).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: expect.stringContaining('Deploy the stack again') });
    expect(calls()).toBe(1);
  });

  test('that cannot be reached is reported busy', async () => {
    const { table } = await tableThatAnswers(200, 'never');
    end();

    await expect(table.put({ pk: 'a', sk: '-' })).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });
});
