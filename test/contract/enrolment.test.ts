// The connector's enrolment against the function that serves it, over HTTP: both sides of one wire format.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { enrol, parseEnrolmentCode } from '../../connector/enrol.ts';
import { createNetwork, type Network } from '../../connector/network.ts';
import { ManualClock } from '../../connector/testing/manual-clock.ts';
import { createEnrol } from '../../lambdas/enrolment/enrol.ts';
import { digest, randomSecret } from '../../lambdas/keys.ts';
import { createSourceLimits } from '../../lambdas/limits/source-limits.ts';
import { createCounters } from '../../lambdas/limits/testing/counters.ts';
import type { Connector, EnrolmentCode } from '../../lambdas/stores/records.ts';
import { createLog } from '../../protocol/log.ts';

const NOW = Date.UTC(2030, 0, 1);
const TUNNEL = 'wss://abc.execute-api.eu-central-1.amazonaws.com/live';

let server: Server;
let network: Network;
let secret: string;
let codes: Map<string, EnrolmentCode>;
let connectors: Connector[];

beforeEach(async () => {
  secret = randomSecret();
  codes = new Map([[digest(secret), { id: digest(secret), group: 'office', createdAt: NOW, expiresAt: NOW + 3_600_000 }]]);
  connectors = [];
  const serve = createEnrol({
    registry: {
      takeEnrolmentCode: async (id) => {
        const code = codes.get(id) ?? null;
        codes.delete(id);
        return code;
      },
      addConnector: async (connector) => void connectors.push(connector),
    },
    limits: createSourceLimits({ count: createCounters().count, now: () => NOW }),
    tenant: 'contoso',
    tunnelUrl: TUNNEL,
    now: () => NOW,
    log: createLog({ write: () => {} }),
  });
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '' } = request;
    const { statusCode, headers, body } = await serve({
      rawPath: path,
      headers: {},
      body: Buffer.concat(chunks).toString(),
      isBase64Encoded: false,
      requestContext: { requestId: 'r1', http: { method, path, sourceIp: '127.0.0.1' } },
    });
    response.writeHead(statusCode, { ...headers, date: new Date(NOW).toUTCString() }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  network = createNetwork({ env: {}, extraCa: null });
});

afterEach(async () => {
  network.close();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

const enrolNow = (clock = new ManualClock(NOW), name = 'hall.corp.example') => {
  const code = parseEnrolmentCode(`http://127.0.0.1:${(server.address() as AddressInfo).port}/connectors/enrol#${secret}`);
  return enrol({ code, name, network, clock });
};

test('a connector enrols, and both sides know the same of it', async () => {
  const identity = await enrolNow();

  expect(identity).toMatchObject({ tenant: 'contoso', group: 'office', tunnelUrl: TUNNEL });
  expect(connectors).toMatchObject([{ id: identity.connector, name: 'hall.corp.example', group: 'office' }]);
  const { x, y } = identity.signingKey;
  expect(connectors[0]?.signingKey).toEqual({ kty: 'EC', crv: 'P-256', x, y });
});

test('a code that was used is told to the administrator', async () => {
  await enrolNow();

  await expect(enrolNow()).rejects.toMatchObject({ code: 'ERR_ENROLMENT_INVALID', message: expect.stringContaining('was used before') });
});

test('a clock that is ten minutes behind is named, and the code stays good', async () => {
  const late = enrolNow(new ManualClock(NOW - 600_000));

  await expect(late).rejects.toMatchObject({ code: 'ERR_CONNECTOR_CLOCK', message: expect.stringContaining('10 minutes behind') });
  expect(codes.size).toBe(1);
});
