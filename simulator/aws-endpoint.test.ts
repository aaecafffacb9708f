import { createHash, createHmac } from 'node:crypto';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { type AwsFixture, startAwsFixture } from './aws-fixture.ts';
import { createManualClock } from './clock.ts';

let aws: AwsFixture;
const clock = createManualClock(Date.now());

beforeAll(async () => {
  aws = await startAwsFixture({ clock });
});
afterAll(() => aws.dispose());

/** The SDK's signer wants a hash with this shape. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

interface SignOptions {
  readonly date?: Date;
  readonly service?: string;
  readonly region?: string;
  readonly secret?: string;
}

const signer = (options: SignOptions = {}) => {
  const { accessKeyId, secretAccessKey } = aws.iam.administrator;
  return new SignatureV4({
    service: options.service ?? 'sts',
    region: options.region ?? 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: options.secret ?? secretAccessKey },
    sha256: Sha256,
  });
};

const sign = async (options: SignOptions = {}) => {
  const { hostname, port, host } = new URL(aws.endpoint.url);
  return signer(options).sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/',
      query: { 'a b': 'c/d', z: ['2', '1'] },
      headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
      body: BODY,
    },
    { signingDate: options.date ?? new Date(clock.now()) },
  );
};

const send = async (headers: Record<string, string>, body = BODY) => {
  const { host: _host, ...others } = headers;
  const response = await fetch(`${aws.endpoint.url}/?a%20b=c%2Fd&z=2&z=1`, { method: 'POST', headers: others, body });
  const text = await response.text();
  return { status: response.status, text, date: response.headers.get('date') };
};

test('a request that the SDK’s signer signed passes, query and all', async () => {
  const { headers } = await sign();

  const answer = await send(headers);

  expect(answer.status).toBe(200);
  expect(answer.text).toContain('<Arn>arn:aws:iam::123456789012:user/administrator</Arn>');
});

describe('a presigned request', () => {
  const presign = async () => {
    const { hostname, port, host } = new URL(aws.endpoint.url);
    const { query = {} } = await signer().presign(
      {
        method: 'GET',
        protocol: 'http:',
        hostname,
        port: Number(port),
        path: '/',
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
        headers: { host },
      },
      { signingDate: new Date(clock.now()), expiresIn: 60 },
    );
    return `${aws.endpoint.url}/?${new URLSearchParams(query as Record<string, string>)}`;
  };

  test('passes', async () => {
    const response = await fetch(await presign());

    expect(response.status).toBe(200);
    expect(await response.text()).toContain('user/administrator');
  });

  test('is refused when its query was changed', async () => {
    const response = await fetch(`${await presign()}&Extra=1`);

    expect(await response.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  test('is refused when its time is over', async () => {
    const url = await presign();
    await clock.advance(61_000);

    const response = await fetch(url);

    expect(await response.text()).toContain('Signature expired');
  });
});

test('a body that was changed after it was signed is refused', async () => {
  const { headers } = await sign();

  const answer = await send(headers, `${BODY}&X=1`);

  expect(answer.status).toBe(403);
  expect(answer.text).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test('a header that was changed after it was signed is refused', async () => {
  const { headers } = await sign();

  const answer = await send({ ...headers, 'content-type': 'text/plain' });

  expect(answer.text).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test('a wrong secret is refused', async () => {
  const { headers } = await sign({ secret: 'guess' });

  const answer = await send(headers);

  expect(answer.text).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test.each([
  ['sixteen minutes old', -16, 'Signature expired'],
  ['sixteen minutes early', 16, 'Signature not yet current'],
])('a signature %s is refused, and the answer tells the time', async (_, minutes, message) => {
  const { headers } = await sign({ date: new Date(clock.now() + minutes * 60_000) });

  const answer = await send(headers);

  expect(answer.status).toBe(403);
  expect(answer.text).toContain(message);
  expect(Date.parse(answer.date ?? '')).toBe(Math.floor(clock.now() / 1000) * 1000);
});

test('a signature for another Region is refused', async () => {
  const { headers } = await sign({ region: 'eu-west-1' });

  const answer = await send(headers);

  expect(answer.text).toContain('Credential should be scoped to a valid region');
});

test('a service that the endpoint does not have is named', async () => {
  const { headers } = await sign({ service: 's3' });

  const answer = await send(headers);

  expect(answer).toMatchObject({ status: 404, text: expect.stringContaining('not “s3”') });
});

test('a request without a signature is refused', async () => {
  const answer = await send({ 'content-type': 'application/x-www-form-urlencoded' });

  expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('MissingAuthenticationToken') });
});

test('a damaged Authorization header is told what it lacks', async () => {
  const { headers } = await sign();
  const authorization = (headers.authorization ?? '').replace(/, Signature=.*/, '');

  const answer = await send({ ...headers, authorization });

  expect(answer.text).toContain("Authorization header requires 'Signature' parameter");
});

test('an unknown key is refused by its AWS name', async () => {
  const client = new STSClient({
    region: 'us-east-1',
    endpoint: aws.endpoint.url,
    credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' },
    maxAttempts: 1,
  });

  const refusal = client.send(new GetCallerIdentityCommand({}));

  await expect(refusal).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  client.destroy();
});

test('a session needs its token', async () => {
  const { keys } = await aws.createFunctionRole('Tokenless', []);
  const client = aws.sts({ accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey });

  const refusal = client.send(new GetCallerIdentityCommand({}));

  await expect(refusal).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});
