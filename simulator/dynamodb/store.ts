// The emulator behind the front: dynalite, on a loopback port that only this module knows.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { AwsError } from '../services.ts';

export type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Store {
  /** Throws `AwsError` as DynamoDB answers it. */
  call(action: string, input: object): Promise<Record<string, unknown>>;
  dispose(): Promise<void>;
}

const API = 'DynamoDB_20120810';
/** dynalite wants a signature but checks none: ours was checked before. */
const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=front/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none';

export const startStore = async (): Promise<Store> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const underWay = new Set<Promise<unknown>>();

  const send = (action: string, body: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        agent,
        port,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(body),
          'x-amz-target': `${API}.${action}`,
          'x-amz-date': '20000101T000000Z',
          authorization: AUTHORIZATION,
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') }));
      });
      outgoing.end(body);
    });

  const sendAndWait = async (action: string, body: string) => {
    const sent = send(action, body);
    underWay.add(sent);
    try {
      return await sent;
    } finally {
      underWay.delete(sent);
    }
  };

  return {
    call: async (action, input) => {
      const { status, text } = await sendAndWait(action, JSON.stringify(input));
      const answer = JSON.parse(text || '{}') as Record<string, unknown>;
      if (status === 200) return answer;
      const { __type: type, message, Message, ...members } = answer;
      throw new AwsError(status, String(type).replace(/^.*#/, ''), String(message ?? Message ?? ''), members);
    },
    dispose: async () => {
      // dynalite throws out of its event handlers when a request breaks off.
      while (underWay.size > 0) await Promise.allSettled(underWay);
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
