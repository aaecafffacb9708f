// The one HTTP endpoint of DynamoDB, Secrets Manager, STS, CloudWatch Logs and Lambda (AWS_ENDPOINT_URL), told apart by the signature's credential scope.
// Differs from AWS: there, each service has a name of its own.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../protocol/log.ts';
import type { AwsService, Reply } from './aws-protocols.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError, type Clock, type Iam, type SignedRequest } from './services.ts';

export interface AwsEndpoint {
  readonly url: string;
  dispose(): Promise<void>;
}

export interface AwsEndpointOptions {
  readonly services: readonly AwsService[];
  readonly iam: Pick<Iam, 'authenticate'>;
  readonly clock: Clock;
  readonly log: Log;
}

export const startAwsEndpoint = async ({ services, iam, clock, log }: AwsEndpointOptions): Promise<AwsEndpoint> => {
  const byScope = new Map(services.map((service) => [service.scope, service]));

  const handle = async (request: SignedRequest, requestId: string): Promise<Reply> => {
    const scope = scopeOf(request);
    const service = byScope.get(scope);
    if (!service) {
      const names = [...byScope.keys()].join(', ');
      return plainFailure(
        scope === '' ? 403 : 404,
        scope === '' ? 'MissingAuthenticationToken' : 'UnknownService',
        `This endpoint has ${names}, not “${scope}”.`,
      );
    }
    const { protocol } = service;
    try {
      const principal = iam.authenticate(request, scope);
      const { action, input } = protocol.read(request);
      return protocol.result(action, await service.answer({ action, input, principal, requestId }), requestId);
    } catch (error) {
      if (error instanceof AwsError) return protocol.failure(error, requestId);
      log.error('aws-endpoint.failed', { service: scope, error });
      return protocol.failure(new AwsError(500, 'InternalFailure', 'The simulator failed; its log says why.'), requestId);
    }
  };

  const server = createServer((message, response) => {
    const requestId = randomUUID();
    readRequest(message)
      .then((request) => handle(request, requestId))
      .then(
        (reply) => send(response, reply, requestId, clock),
        (error: unknown) => {
          if (error instanceof AwsError) send(response, plainFailure(error.status, error.code, error.message), requestId, clock);
          else response.destroy();
        },
      );
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** Read before it is checked, to know who is to check it. */
const scopeOf = ({ headers, url }: SignedRequest): string => {
  const credential = /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? /[?&]X-Amz-Credential=([^&]+)/.exec(url)?.[1] ?? '';
  return credential.replaceAll('%2F', '/').split('/')[3] ?? '';
};

const readRequest = async (message: IncomingMessage): Promise<SignedRequest> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > QUOTAS.dynamodb.requestMaxBytes)
      throw new AwsError(413, 'RequestEntityTooLargeException', 'The request is larger than 16 MB.');
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) headers[name] = Array.isArray(value) ? value.join(',') : (value ?? '');
  return { method: message.method ?? 'GET', url: message.url ?? '/', headers, body: Buffer.concat(chunks, size) };
};

const send = (response: ServerResponse, { status, headers, body }: Reply, requestId: string, clock: Clock) => {
  response.sendDate = false;
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
    // The SDK measures its clock against this one.
    date: new Date(clock.now()).toUTCString(),
  });
  response.end(body);
};

const plainFailure = (status: number, code: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});
