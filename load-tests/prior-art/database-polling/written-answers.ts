// The connector's end when answers go through a table: it writes each frame as an item, by itself, with the credentials that its welcome brought.
// Stands in for connector/reply.ts.
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SendOnce } from '../../../connector/delivery.ts';
import type { ReplyApi as PostedAnswers, ReplyOptions } from '../../../connector/reply.ts';
import { exchangeOf, itemOf } from './answer-item.ts';

/** Exchanges whose writes are numbered on: more than a connector has under way. */
const EXCHANGES_MAX = 1_000;

interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
}

export class ReplyApi implements Pick<PostedAnswers, 'use' | 'send' | 'close'> {
  readonly #options: ReplyOptions;
  /** The next number by exchange. */
  readonly #next = new Map<string, number>();
  #table: Table | null = null;

  constructor(options: ReplyOptions) {
    this.#options = options;
  }

  /** The endpoint's path is the table's name. Where DynamoDB is, the client finds in the environment. */
  use({ replyEndpoint, region, credentials }: Parameters<PostedAnswers['use']>[0]): void {
    this.#table = { client: new DynamoDBClient({ region, credentials }), name: new URL(replyEndpoint).pathname.slice(1) };
  }

  readonly send: SendOnce = async (frame) => {
    if (this.#table === null) return 'busy';
    const { client, name } = this.#table;
    const item = itemOf(frame, this.#numberOf(exchangeOf(frame)), this.#options.now());
    try {
      await client.send(new PutItemCommand({ TableName: name, Item: item }));
      return 'delivered';
    } catch (error) {
      this.#options.log.warn('answer.not-written', { error });
      const { name: why } = error as Error;
      if (why === 'ValidationException') return 'invalid';
      return why === 'AccessDeniedException' || why === 'ExpiredTokenException' ? 'refused' : 'busy';
    }
  };

  close(): void {
    this.#table?.client.destroy();
  }

  #numberOf(exchange: string): number {
    const number = this.#next.get(exchange) ?? 0;
    this.#next.set(exchange, number + 1);
    if (this.#next.size > EXCHANGES_MAX) this.#next.delete(this.#next.keys().next().value!);
    return number;
  }
}
