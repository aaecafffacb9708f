import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import { packApplications } from '../../tenants/packed-applications.ts';
import type { Directory } from '../stores/records.ts';
import { application } from '../stores/testing/application.ts';
import { type CustomResourceEvent, createCustomResource } from './custom-resource.ts';
import type { NamedKey } from './signing-keys.ts';

/** What CloudFormation's side of the conversation got. */
let received: Array<{ method: string | undefined; contentType: string | undefined; body: Record<string, string> }>;
let statuses: number[];
let server: Server;

beforeEach(async () => {
  received = [];
  statuses = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({
      method: request.method,
      contentType: request.headers['content-type'],
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const NOW = Date.UTC(2030, 0, 1);
let secret: string;
const signingKeys = {
  read: async () => secret,
  write: async (value: string) => {
    secret = value;
  },
};

const wiki = { id: 'wiki', host: 'wiki.apps.example.com', path: '/' };

const run = async (change: Partial<CustomResourceEvent>, replace: Directory['replace'], remainingMs = 120_000) => {
  const handle = createCustomResource({
    directory: { replace },
    signingKeys,
    now: () => NOW,
    fetch,
    log: createLog({ write: () => undefined }),
  });
  const event: CustomResourceEvent = {
    RequestType: 'Create',
    ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Applications',
    ResourceType: 'Custom::SallyportApplications',
    ResourceProperties: { Applications: JSON.stringify([wiki]) },
    ...change,
  };
  await handle(event, { getRemainingTimeInMillis: () => remainingMs });
};

const accept: Directory['replace'] = async () => ({ written: ['wiki'], removed: [] });

test('applications that were packed, because they are many, are the same', async () => {
  const packed = packApplications([application({ id: 'packed' })], 0);
  let held: unknown;

  await run({ ResourceProperties: { Applications: packed } }, async (applications) => {
    held = applications;
    return { written: ['packed'], removed: [] };
  });

  expect(packed).not.toContain('packed');
  expect(held).toEqual([application({ id: 'packed' })]);
});

test.each(['Create', 'Update'] as const)('%s makes the directory hold the applications, and says so', async (RequestType) => {
  let held: unknown;

  await run({ RequestType }, async (applications) => {
    held = applications;
    return { written: ['wiki'], removed: [] };
  });

  expect(held).toEqual([wiki]);
  expect(received).toEqual([
    {
      method: 'PUT',
      contentType: undefined,
      body: {
        Status: 'SUCCESS',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Applications',
        PhysicalResourceId: 'applications',
      },
    },
  ]);
});

test('Delete leaves the directory alone', async () => {
  await run({ RequestType: 'Delete' }, () => {
    throw new Error('must not be called');
  });

  expect(received[0]?.body.Status).toBe('SUCCESS');
});

describe('failures are answered, never thrown', () => {
  test('of the table', async () => {
    await run({}, async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Table t throttles.');
    });

    expect(received[0]?.body).toMatchObject({ Status: 'FAILED', Reason: 'ERR_STORE_UNAVAILABLE: Table t throttles.' });
  });

  test.each([undefined, 'x', '{}'])('of the property %p', async (Applications) => {
    await run({ ResourceProperties: { Applications } }, accept);

    expect(received[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Synthesise the stack again') });
  });

  test('of time: the answer goes before the function is stopped', async () => {
    await run({}, () => new Promise(() => undefined), 10_000);

    expect(received[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('took too long') });
  });

  test('with a reason that fits', async () => {
    await run({}, async () => {
      throw new Error('x'.repeat(10_000));
    });

    expect(JSON.stringify(received[0]?.body).length).toBeLessThan(4096);
  });

  test('an answer that is not taken is sent once more', async () => {
    statuses = [500];

    await run({}, accept);

    expect(received.map(({ body }) => body.Status)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  test('nobody there to answer to', async () => {
    await expect(run({ ResponseURL: 'http://127.0.0.1:1/' }, accept)).resolves.toBeUndefined();
  });
});

describe('signing keys', () => {
  const keep = async (SigningKeys: readonly string[]) => {
    await run({ RequestType: 'Update', ResourceType: 'Custom::SallyportSigningKeys', ResourceProperties: { SigningKeys } }, accept);
    return JSON.parse(secret).keys as NamedKey[];
  };
  const namesOf = (keys: readonly NamedKey[]) => keys.map(({ name }) => name);
  beforeEach(() => {
    secret = 'characters of chance';
  });

  test('are made by name, and kept for as long as they are named, in the order that is asked for', async () => {
    const [first] = await keep(['main']);
    const both = await keep(['main', 'next']);
    const turned = await keep(['next', 'main']);
    const left = await keep(['next']);

    expect([namesOf(both), namesOf(turned), namesOf(left)]).toEqual([['main', 'next'], ['next', 'main'], ['next']]);
    expect(both[0]).toEqual(first);
    expect(turned).toEqual([both[1], both[0]]);
    expect(received[0]?.body).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'signing-keys' });
  }, 30_000);

  test('come with a certificate that is their own, good now and for long', async () => {
    const [key] = await keep(['main']);

    const certificate = new X509Certificate(key!.certificate);

    expect(certificate.checkPrivateKey(createPrivateKey(key!.privateKey))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect([certificate.subject, certificate.publicKey.asymmetricKeyDetails?.modulusLength]).toEqual(['CN=Sallyport main', 3072]);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(NOW + 9 * 365 * 86_400_000);
  }, 30_000);

  test('without names are refused, and the secret stays as it was', async () => {
    await run({ ResourceType: 'Custom::SallyportSigningKeys', ResourceProperties: {} }, accept);

    expect(received[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('SigningKeys') });
    expect(secret).toBe('characters of chance');
  });
});
