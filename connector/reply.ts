// Posts frames to routers' connections on the Reply API, with the credentials that the last welcome brought (DESIGN.md D2, D3).
// The connector's only file that knows AWS.
import type { Agent } from 'node:http';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import type { WelcomeSecrets } from '../protocol/frames.ts';
import type { Log } from '../protocol/log.ts';
import type { Attempt, SendOnce } from './delivery.ts';
import type { Network } from './network.ts';

/** How long one attempt may take: AWS answers within some 20 ms. */
const ATTEMPT_MS = 5_000;

export class ReplyApi {
  readonly #network: Network;
  readonly #log: Log;
  readonly #attemptMs: number;
  #agent: Agent | null = null;
  #client: ApiGatewayManagementApiClient | null = null;

  constructor(network: Network, log: Log, attemptMs = ATTEMPT_MS) {
    this.#network = network;
    this.#log = log;
    this.#attemptMs = attemptMs;
  }

  /** From now on posts go to this endpoint with these credentials. Posts under way end with the old ones. */
  use({ replyEndpoint, region, credentials }: Pick<WelcomeSecrets, 'replyEndpoint' | 'region' | 'credentials'>): void {
    const agent = this.#network.agentFor(new URL(replyEndpoint));
    this.#agent = agent;
    this.#client = new ApiGatewayManagementApiClient({
      endpoint: replyEndpoint,
      region,
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        sessionToken: credentials.sessionToken,
      },
      // delivery.ts tries again: it knows when a frame is no longer wanted.
      maxAttempts: 1,
      requestHandler: { httpAgent: agent, httpsAgent: agent },
    });
  }

  readonly send: SendOnce = async (text, replyTo) => {
    if (!this.#client) return 'busy';
    const deadline = AbortSignal.timeout(this.#attemptMs);
    try {
      const command = new PostToConnectionCommand({ ConnectionId: replyTo, Data: Buffer.from(text) });
      await this.#client.send(command, { abortSignal: deadline });
      return 'delivered';
    } catch (error) {
      if (deadline.aborted) this.#dropIdleLinks();
      const attempt = attemptOf(error);
      if (attempt !== 'gone') this.#log.warn('reply.failed', { attempt, error });
      return attempt;
    }
  };

  /** A link that fell silent seldom did so alone (a firewall forgot them all): a frame must not try the others one after another. */
  #dropIdleLinks(): void {
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {})) for (const socket of [...(sockets ?? [])]) socket.destroy();
  }
}

const attemptOf = (error: unknown): Attempt => {
  const { $metadata, name } = error as { $metadata?: { httpStatusCode?: number }; name?: string };
  const status = $metadata?.httpStatusCode;
  if (status === 410 || name === 'GoneException') return 'gone';
  if (status === 403) return 'refused';
  // A malformed connection id, or a frame that is too large: trying again changes nothing.
  if (status === 400 || status === 413) return 'invalid';
  return 'busy';
};
