// Posts frames to routers' connections on the Reply API, with the credentials that the last welcome brought (DESIGN.md D2, D3):
// `POST /@connections/{id}` of API Gateway ("Use @connections commands in your backend service"). The connector's only file that knows AWS.
import { type Dispatcher, errors } from 'undici';
import type { Log } from '../protocol/log.ts';
import type { WelcomeSecrets } from '../protocol/tunnel-messages.ts';
import type { Attempt, SendOnce } from './delivery.ts';
import type { Network } from './network.ts';
import { createPostSigner, type SignPost } from './post-signature.ts';

/** How long one attempt may take: AWS answers within some 20 ms. */
const ATTEMPT_MS = 5_000;

interface Endpoint {
  readonly origin: string;
  /** With a final slash. */
  readonly path: string;
  readonly sign: SignPost;
}

export interface ReplyOptions {
  readonly network: Pick<Network, 'linksTo'>;
  readonly log: Log;
  readonly now: () => number;
  readonly attemptMs?: number;
}

export class ReplyApi {
  readonly #options: ReplyOptions;
  #links: Dispatcher | null = null;
  #endpoint: Endpoint | null = null;

  constructor(options: ReplyOptions) {
    this.#options = options;
  }

  /** From now on posts go to this endpoint with these credentials. Posts under way end with the old ones. */
  use({ replyEndpoint, region, credentials }: Pick<WelcomeSecrets, 'replyEndpoint' | 'region' | 'credentials'>): void {
    const { origin, host, pathname } = new URL(replyEndpoint);
    if (origin !== this.#endpoint?.origin) this.#renewLinks(origin);
    const path = `${pathname.replace(/\/$/, '')}/@connections/`;
    this.#endpoint = { origin, path, sign: createPostSigner(host, region, credentials, this.#options.now) };
  }

  readonly send: SendOnce = async (text, replyTo) => {
    if (this.#endpoint === null || this.#links === null) return 'busy';
    const { origin, path, sign } = this.#endpoint;
    const links = this.#links;
    const target = path + encodeURIComponent(replyTo);
    let attempt: Attempt;
    try {
      attempt = attemptOf(await post(links, { method: 'POST', origin, path: target, headers: sign(target, text), body: text }));
      if (attempt === 'delivered' || attempt === 'gone') return attempt;
      this.#options.log.warn('reply.failed', { attempt });
    } catch (error) {
      attempt = 'busy';
      // A link that fell silent seldom did so alone (a firewall forgot them all): a frame must not try the others one after another.
      if (error instanceof errors.HeadersTimeoutError && links === this.#links) this.#renewLinks(origin);
      this.#options.log.warn('reply.failed', { attempt, error });
    }
    return attempt;
  };

  close(): void {
    this.#links?.destroy().catch(() => undefined);
  }

  /** Posts on the old links may end. */
  #renewLinks(origin: string): void {
    this.#links?.close().catch(() => undefined);
    this.#links = this.#options.network.linksTo(new URL(origin), this.#options.attemptMs ?? ATTEMPT_MS);
  }
}

/** The status of the answer, whose body nobody needs. */
const post = (links: Dispatcher, request: Dispatcher.DispatchOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    let status = 0;
    links.dispatch(request, {
      onRequestStart: () => {},
      onResponseStart: (_, statusCode) => {
        status = statusCode;
      },
      onResponseData: () => {},
      onResponseEnd: () => resolve(status),
      onResponseError: (_, error) => reject(error),
    });
  });

const attemptOf = (status: number): Attempt => {
  if (status === 200) return 'delivered';
  if (status === 410) return 'gone';
  if (status === 403) return 'refused';
  // A malformed connection id, or a frame that is too large: trying again changes nothing.
  if (status === 400 || status === 413) return 'invalid';
  return 'busy';
};
