// The connector's end when answers go through a function: it posts frames to an HTTP API, signed as its posts to the Reply API are.
// Stands in for connector/reply.ts.
import type { Dispatcher } from 'undici';
import type { Attempt, SendOnce } from '../../../connector/delivery.ts';
import { createPostSigner, type SignPost } from '../../../connector/post-signature.ts';
import type { ReplyApi as PostedAnswers, ReplyOptions } from '../../../connector/reply.ts';
import { joined } from './frames.ts';

/** What an HTTP API bills as one request. */
const REQUEST_MAX_BYTES = 512 * 1024;
const ATTEMPT_MS = 10_000;
const ATTEMPTS: Readonly<Record<number, Attempt>> = { 200: 'delivered', 400: 'invalid', 403: 'refused', 410: 'gone', 413: 'invalid' };

interface Waiting {
  readonly frame: string;
  readonly ended: (attempt: Attempt) => void;
}

interface Relay {
  readonly links: Dispatcher;
  readonly origin: string;
  readonly sign: SignPost;
}

export class ReplyApi implements Pick<PostedAnswers, 'use' | 'send' | 'close'> {
  readonly #options: ReplyOptions;
  /** Frames that wait for the post before them, by the router's connection: they go together. */
  readonly #waiting = new Map<string, Waiting[]>();
  #relay: Relay | null = null;

  constructor(options: ReplyOptions) {
    this.#options = options;
  }

  use({ replyEndpoint, region, credentials }: Parameters<PostedAnswers['use']>[0]): void {
    const { origin, host } = new URL(replyEndpoint);
    const links = this.#relay?.links ?? this.#options.network.linksTo(new URL(origin), ATTEMPT_MS);
    this.#relay = { links, origin, sign: createPostSigner(host, region, credentials, this.#options.now) };
  }

  readonly send: SendOnce = (frame, replyTo) =>
    new Promise((ended) => {
      const waiting = this.#waiting.get(replyTo);
      if (waiting) return void waiting.push({ frame, ended });
      this.#waiting.set(replyTo, []);
      void this.#post([{ frame, ended }], replyTo);
    });

  close(): void {
    this.#relay?.links.destroy().catch(() => undefined);
  }

  async #post(batch: readonly Waiting[], replyTo: string): Promise<void> {
    const attempt = await this.#attempt(joined(batch.map(({ frame }) => frame)), replyTo);
    const waiting = this.#waiting.get(replyTo) ?? [];
    if (waiting.length === 0) this.#waiting.delete(replyTo);
    else void this.#post(takeFull(waiting), replyTo);
    for (const { ended } of batch) ended(attempt);
  }

  async #attempt(body: string, replyTo: string): Promise<Attempt> {
    if (this.#relay === null) return 'busy';
    const { links, origin, sign } = this.#relay;
    const path = `/relay/${encodeURIComponent(replyTo)}`;
    try {
      const headers = [...sign(path, body), 'content-type', 'text/plain'];
      const answer = await links.request({ method: 'POST', origin, path, headers, body });
      await answer.body.dump();
      const attempt = ATTEMPTS[answer.statusCode] ?? 'busy';
      if (attempt !== 'delivered') this.#options.log.warn('relay.failed', { attempt, status: answer.statusCode });
      return attempt;
    } catch (error) {
      this.#options.log.warn('relay.failed', { error });
      return 'busy';
    }
  }
}

/** As many as one request takes, and at least one. Frames are ASCII but for their header lines, which are short. */
const takeFull = (waiting: Waiting[]): Waiting[] => {
  let bytes = 0;
  const fits = waiting.findIndex(({ frame }) => {
    bytes += Buffer.byteLength(frame) + 1;
    return bytes > REQUEST_MAX_BYTES;
  });
  return waiting.splice(0, fits === -1 ? waiting.length : Math.max(1, fits));
};
