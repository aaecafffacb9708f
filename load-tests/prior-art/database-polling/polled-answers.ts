// The router's end when answers go through a table: while an exchange is under way it asks for the next items, again and again.
// Stands in for lambdas/router/reply-socket.ts.
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { ExchangeListener, ReplyChannel } from '../../../lambdas/router/ports.ts';
import type { ReplySocketPorts } from '../../../lambdas/router/reply-socket.ts';
import { decode } from '../../../protocol/codec.ts';
import type { Frame } from '../../../protocol/frames.ts';
import { type Answer, answerIn, KEYS } from './answer-item.ts';

/**
 * DynamoDB has no read that waits. Half of the shortest that prior art takes; about where what empty reads cost equals what
 * the router's waiting costs.
 */
const INTERVAL_MS = 25;

export class ReplySocket implements ReplyChannel {
  readonly #ports: Pick<ReplySocketPorts, 'clock' | 'log'>;
  readonly #client = new DynamoDBClient({});
  readonly #table: string;

  /** The path of `url` is the table's name. */
  constructor({ url, clock, log }: ReplySocketPorts) {
    this.#ports = { clock, log };
    this.#table = new URL(url).pathname.slice(1);
  }

  /** Connectors know the table; its readers need no address. */
  address(): Promise<string> {
    return Promise.resolve(this.#table);
  }

  /** A table has no connection that could be dead. */
  probe(): void {}

  attend(exchange: string, listener: ExchangeListener): () => void {
    const { clock, log } = this.#ports;
    const ahead = new Set<number>();
    /** The first that is missing: writes run side by side, and may become readable in another order. */
    let next = 0;
    let last = Number.POSITIVE_INFINITY;
    let over = false;
    const poll = async (): Promise<void> => {
      try {
        for (const { number, frame } of await this.#read(exchange, next)) {
          if (over || number < next || ahead.has(number)) continue;
          ahead.add(number);
          const opened = decode(frame, () => listener.key);
          listener.frame(opened);
          if (isLast(opened.frame)) last = number;
        }
        while (ahead.delete(next)) next += 1;
        over ||= next > last;
      } catch (error) {
        log.warn('answer.not-read', { exchange, error });
      }
      if (!over) wait();
    };
    let cancel = (): void => undefined;
    const wait = (): void => {
      cancel = clock.after(INTERVAL_MS, () => void poll());
    };
    wait();
    return () => {
      over = true;
      cancel();
    };
  }

  /** Eventually consistent, at half the price: what is not there yet is there the next time. */
  async #read(exchange: string, next: number): Promise<Answer[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: '#e = :e AND #n >= :n',
        ExpressionAttributeNames: { '#e': KEYS.exchange, '#n': KEYS.number },
        ExpressionAttributeValues: { ':e': { S: exchange }, ':n': { N: String(next) } },
      }),
    );
    return Items.map(answerIn);
  }
}

/** Nothing of an answer follows it. */
const isLast = (frame: Frame): boolean => frame.type === 'error' || ('end' in frame && frame.end === true);
