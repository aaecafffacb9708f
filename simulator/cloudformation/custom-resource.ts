// Custom resources: the function gets the Create or Update event that CloudFormation sends, and answers by PUT to the response URL.
// "Custom resource request and response reference" (CloudFormation User Guide).
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRecord } from '../iam/conditions.ts';
import { QUOTAS } from '../quotas.ts';
import type { CreatedResource, Lambda, ResourceRequest } from '../services.ts';
import { stackId } from './intrinsics.ts';

export interface CustomResources {
  create(request: ResourceRequest): Promise<CreatedResource>;
  /** Changes properties of a resource that was created here, as a deployment with another template would. */
  update(logicalId: string, changes: Readonly<Record<string, unknown>>): Promise<void>;
  dispose(): Promise<void>;
}

export interface CustomResourcesOptions {
  readonly lambda: Pick<Lambda, 'invoke'>;
  /** How long a function may take to answer, unless the resource's ServiceTimeout says less. */
  readonly deadlineMs: number;
  /** Resolves after the time; the signal ends the wait. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Known {
  readonly request: ResourceRequest;
  readonly physicalId: string;
}

interface Answer {
  readonly Status: string;
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Differs from AWS: the response URL leads to loopback over plain HTTP, not to a presigned address of S3. */
export const startCustomResources = async ({ lambda, deadlineMs, wait }: CustomResourcesOptions): Promise<CustomResources> => {
  const waiting = new Map<string, (answer: Answer) => void>();
  const known = new Map<string, Known>();
  const server = createServer((request, response) => {
    const take = waiting.get(request.url ?? '');
    if (request.method !== 'PUT' || !take) return response.writeHead(403).end();
    return readAnswer(request).then(
      (answer) => {
        response.writeHead(200).end();
        take(answer);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        response.writeHead(400).end(reason);
        take({ Status: 'FAILED', Reason: reason });
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const send = async ({ logicalId, type, properties, stackName }: ResourceRequest, before?: Known): Promise<CreatedResource> => {
    const { ServiceToken: functionArn, ServiceTimeout: seconds } = properties;
    if (typeof functionArn !== 'string') throw new Error('it has no ServiceToken');
    const path = `/${randomBytes(24).toString('base64url')}`;
    const event = {
      RequestType: before ? 'Update' : 'Create',
      ServiceToken: functionArn,
      ResponseURL: `http://127.0.0.1:${port}${path}`,
      StackId: stackId(stackName),
      RequestId: randomUUID(),
      LogicalResourceId: logicalId,
      ResourceType: type,
      ResourceProperties: withTextScalars(properties),
      ...(before && { PhysicalResourceId: before.physicalId, OldResourceProperties: withTextScalars(before.request.properties) }),
    };
    const limit = Math.min(deadlineMs, seconds === undefined ? deadlineMs : Number(seconds) * 1000);
    const over = new AbortController();
    try {
      const answered = new Promise<Answer>((resolve) => waiting.set(path, resolve));
      const late = wait(limit, over.signal).then((): Answer => ({ Status: 'FAILED', Reason: `no answer within ${limit / 1000} s` }));
      // Differs from AWS: a function that fails stops the deployment at once; there, CloudFormation waits for an answer to the end.
      const failed = lambda.invoke(functionArn, event).then(({ payload, functionError }): Promise<Answer> | Answer => {
        return functionError ? { Status: 'FAILED', Reason: `the function failed: ${payload.slice(0, 1000)}` } : answered;
      });
      return created(await Promise.race([answered, late, failed]));
    } finally {
      over.abort();
      waiting.delete(path);
    }
  };

  return {
    create: async (request) => {
      const created = await send(request);
      known.set(request.logicalId, { request, physicalId: created.ref });
      return created;
    },
    update: async (logicalId, changes) => {
      const before = known.get(logicalId);
      if (!before) throw new Error(`no custom resource ${logicalId}; there are ${[...known.keys()].join(', ') || 'none'}`);
      const request = { ...before.request, properties: { ...before.request.properties, ...changes } };
      const { ref } = await send(request, before);
      // AWS would delete the one before, and whatever refers to it would change.
      if (ref !== before.physicalId) throw new Error(`it answered another PhysicalResourceId, ${ref}: replacement is not simulated`);
      known.set(logicalId, { request, physicalId: ref });
    },
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const created = (answer: Answer): CreatedResource => {
  if (answer.Status !== 'SUCCESS') throw new Error(`the custom resource failed: ${answer.Reason ?? 'no reason given'}`);
  if (!answer.PhysicalResourceId) throw new Error('the custom resource answered without a PhysicalResourceId');
  const data = Object.entries(answer.Data ?? {}).map(([name, value]) => [name, String(value)]);
  return { ref: answer.PhysicalResourceId, attributes: Object.fromEntries(data) };
};

const readAnswer = async (request: IncomingMessage): Promise<Answer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > QUOTAS.cloudformation.customResourceResponseMaxBytes) throw new Error('the answer is larger than 4096 bytes');
    chunks.push(chunk);
  }
  const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (!isRecord(answer) || (answer.Status !== 'SUCCESS' && answer.Status !== 'FAILED')) {
    throw new Error('the answer needs a Status of SUCCESS or FAILED');
  }
  return answer as unknown as Answer;
};

/** CloudFormation hands every number and boolean on as text. */
const withTextScalars = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withTextScalars);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withTextScalars(member)]));
  return value === null ? value : String(value);
};
