import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createControlClient } from './control-client.ts';
import { startTestingApi, type TestingApi } from './testing-api.ts';

const NOW = Date.parse('2026-11-24T10:20:30Z');

let api: TestingApi | undefined;
afterEach(() => api?.close());

const clientOf = async (answers: Parameters<typeof startTestingApi>[0]) => {
  api = await startTestingApi(answers);
  const credentials = async () => ({ accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' });
  return { client: createControlClient({ endpoint: api.url, region: 'eu-central-1', credentials, now: () => NOW }), asked: api.asked };
};

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a request', () => {
  test('is signed as AWS says (Signature Version 4, execute-api)', async () => {
    const { client, asked } = await clientOf({ 'POST /control/enrolment-codes': [201, { code: 'c', group: 'g', expiresAt: 1 }] });

    await client.issueCode('g');

    const [{ headers, body }] = asked as [(typeof asked)[0]];
    const signed = ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];
    const canonical = [
      'POST',
      '/control/enrolment-codes',
      '',
      ...signed.map((name) => `${name}:${headers[name]}`),
      '',
      signed.join(';'),
      sha256(body),
    ];
    const scope = '20261124/eu-central-1/execute-api/aws4_request';
    const text = ['AWS4-HMAC-SHA256', '20261124T102030Z', scope, sha256(canonical.join('\n'))].join('\n');
    const key = hmac(hmac(hmac(hmac('AWS4secret', '20261124'), 'eu-central-1'), 'execute-api'), 'aws4_request');
    const signature = hmac(key, text).toString('hex');
    expect(body).toBe('{"group":"g"}');
    expect(headers.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${signed.join(';')}, Signature=${signature}`,
    );
  });

  test('with a query is signed with it', async () => {
    const { client, asked } = await clientOf({ 'GET /control/exchanges/a?from=1&to=2&next=x%2F': [200, { lines: [], next: null }] });

    await client.exchange('a', { from: 1, to: 2, next: 'x/' });

    const [{ headers }] = asked as [(typeof asked)[0]];
    const signed = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];
    const fields = signed.map((name) => `${name}:${headers[name]}`);
    const canonical = ['GET', '/control/exchanges/a', 'from=1&next=x%2F&to=2', ...fields, '', signed.join(';'), sha256('')];
    const scope = '20261124/eu-central-1/execute-api/aws4_request';
    const text = ['AWS4-HMAC-SHA256', '20261124T102030Z', scope, sha256(canonical.join('\n'))].join('\n');
    const key = hmac(hmac(hmac(hmac('AWS4secret', '20261124'), 'eu-central-1'), 'execute-api'), 'aws4_request');
    expect(headers.authorization).toContain(`Signature=${hmac(key, text).toString('hex')}`);
  });

  test.each<[string, (client: ReturnType<typeof createControlClient>) => Promise<unknown>, unknown]>([
    ['GET /control/applications', (client) => client.applications(), [{ id: 'a' }]],
    ['PUT /control/applications', (client) => client.apply([]), { applications: [{ id: 'a' }] }],
    ['GET /control/status', (client) => client.status(), { applications: [{ id: 'a' }] }],
    [
      'GET /control/exchanges/a-b?from=1&to=2&next=x%2F%2B%3D',
      (client) => client.exchange('a-b', { from: 1, to: 2, next: 'x/+=' }),
      { applications: [{ id: 'a' }] },
    ],
    [
      'GET /control/exchanges/a-b?from=1&to=2',
      (client) => client.exchange('a-b', { from: 1, to: 2, next: null }),
      { applications: [{ id: 'a' }] },
    ],
    ['DELETE /control/connectors/one', (client) => client.removeConnector('one'), { applications: [{ id: 'a' }] }],
  ])('%s', async (route, call, expected) => {
    const { client } = await clientOf({ [route]: [200, { applications: [{ id: 'a' }] }] });

    expect(await call(client)).toEqual(expected);
  });
});

describe('a refusal', () => {
  test('keeps its code and says its detail', async () => {
    const problem = { code: 'ERR_CONTROL_UNKNOWN', title: 'x', detail: 'No connector has the id one.' };
    const { client } = await clientOf({ 'DELETE /control/connectors/one': [404, problem] });

    await expect(client.removeConnector('one')).rejects.toMatchObject({
      code: 'ERR_CONTROL_UNKNOWN',
      message: 'No connector has the id one.',
    });
  });

  test('of a configuration tells every fault', async () => {
    const fault = { path: 'applications[0].id', expected: 'an id', got: 'nothing', advice: 'Give one.' };
    const { client } = await clientOf({
      'PUT /control/applications': [400, { code: 'ERR_CONFIGURATION_INVALID', faults: [fault, fault] }],
    });

    await expect(client.apply([])).rejects.toMatchObject({ code: 'ERR_CONFIGURATION_INVALID', faults: [fault, fault] });
  });

  test('of a question is told as one: nothing was to be applied', async () => {
    const faults = [{ path: 'address', expected: 'an IP address', got: '"x"', advice: 'Leave it out.' }];
    const { client } = await clientOf({ 'POST /control/decisions': [400, { code: 'ERR_CONFIGURATION_INVALID', faults }] });

    await expect(client.decide('GET', 'https://x/', {}, null)).rejects.toThrow(/^The question has one fault\./);
  });

  test.each([
    [403, { message: 'Forbidden' }, 'ERR_CONTROL_DENIED', /403: Forbidden.*execute-api:Invoke/],
    [404, { message: 'Not Found' }, 'ERR_CONTROL_UNREACHABLE', /not a control API/],
    [503, { message: 'Service Unavailable' }, 'ERR_CONTROL_FAILED', /answered 503: Service Unavailable/],
    [500, 'oops', 'ERR_CONTROL_FAILED', /answered 500\. /],
    [200, 'hello', 'ERR_CONTROL_UNREACHABLE', /not a control API/],
  ])('of something else: %d', async (status, body, code, message) => {
    const { client } = await clientOf({ 'GET /control/status': [status, body] });

    await expect(client.status()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('nobody there', async () => {
    const { client } = await clientOf({});
    await api?.close();

    await expect(client.status()).rejects.toMatchObject({
      code: 'ERR_CONTROL_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('no credentials', async () => {
    const credentials = () => Promise.reject(new Error('Could not load credentials'));
    const client = createControlClient({ endpoint: 'http://127.0.0.1:1', region: 'x', credentials });

    await expect(client.status()).rejects.toMatchObject({ code: 'ERR_CONTROL_DENIED', message: expect.stringContaining('AWS_PROFILE') });
  });
});
