// One exchange with one connector: posts the request, receives the response, tells credit, and ends within its deadlines.
// Survives the loss of either channel: a new reply connection is announced, a new tunnel is followed (docs/protocol.md, Resuming).

import { encode, type OpenedFrame } from '../../protocol/codec.ts';
import { CODINGS } from '../../protocol/coding.ts';
import { asSallyportError, isErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { ErrorFrame, RouterFrame } from '../../protocol/frames.ts';
import { SILENCE_ALONE_MS, SILENCE_FIRST_MS } from '../../protocol/limits.ts';
import type { Log } from '../../protocol/log.ts';
import { type Course, CourseWatch } from './course.ts';
import type { ExchangePlan } from './exchange-plan.ts';
import type { Clock, ExchangeListener, PostFrame, ReadTunnels, ReplyChannel } from './ports.ts';
import { requestFrames } from './request-frames.ts';
import { type NumberedFrame, type ResponseHead, ResponseInbox } from './response-inbox.ts';
import { isUnreached, NOT_CARRIED_OUT } from './run-elsewhere.ts';
import { createSilence, type Silence, silent } from './silence.ts';
import { TunnelFollower } from './tunnel-follower.ts';
import { UnderWay } from './under-way.ts';
import { Upload } from './upload.ts';

export interface ExchangePorts {
  readonly post: PostFrame;
  readonly channel: ReplyChannel;
  readonly clock: Clock;
  readonly log: Log;
  /** The tunnels that the registry has now. */
  readonly tunnels: Pick<ReadTunnels, 'freshTunnels' | 'doubt' | 'trust'>;
}

export class Exchange {
  readonly id: string;
  readonly connector: string;
  /** Whether its frames are sealed by a key for each direction. */
  readonly keysApart: boolean;
  readonly #plan: ExchangePlan;
  readonly #ports: ExchangePorts;
  readonly #inbox = new ResponseInbox(() => this.#tellCredit());
  readonly #follower: TunnelFollower;
  readonly #posts = new UnderWay();
  #silence: Silence | null = null;
  #upload: Upload | null = null;
  #detach: () => void = () => undefined;
  #replyTo = '';
  #notCarriedOut = false;
  #unreached = false;
  #postFailed = false;
  #heard = false;
  readonly #watch: CourseWatch;

  constructor(plan: ExchangePlan, ports: ExchangePorts) {
    this.id = plan.id;
    this.connector = plan.tunnel.connector;
    this.keysApart = plan.tunnel.keysApart === true;
    this.#watch = new CourseWatch(ports.clock, plan.receivedAt, plan.tunnel.connectionId);
    this.#plan = plan;
    this.#ports = ports;
    this.#follower = new TunnelFollower(plan.tunnel, {
      ...ports,
      found: () => this.#resync(null),
      lost: (error) => this.#fail(error),
    });
  }

  /** True when the request was refused before anything was done with it. */
  get notCarriedOut(): boolean {
    return this.#notCarriedOut;
  }

  /** True when the connector may not or cannot reach the origin: the request has not come there. */
  get unreached(): boolean {
    return this.#unreached;
  }

  get course(): Course {
    return this.#watch.course;
  }

  /** True when it is unknown whether the request was delivered. */
  get postFailed(): boolean {
    return this.#postFailed;
  }

  /** Posts the request and waits for the head. Null: the tunnel is gone and nothing was delivered. Throws what ended the exchange. */
  async open(): Promise<ResponseHead | null> {
    const { channel, clock, post } = this.#ports;
    const { request, body, key } = this.#plan;
    // An idle channel is probed meanwhile: probe and request are under way together.
    this.#replyTo = await channel.address();
    const { tunnel } = this.#follower;
    const addressed = {
      ...request,
      connector: this.connector,
      tunnel,
      replyTo: this.#replyTo,
      issuedAt: clock.now(),
      codings: CODINGS,
    };
    const frames = requestFrames({ type: 'request', exchange: this.id, n: 0, ...addressed }, body, key);

    this.#attend();
    this.#watch.note('posted');
    const posting = post(tunnel, frames.first).then(
      (posted) => {
        if (posted === 'posted' && !this.#inbox.ended) this.#send(frames.first, frames.rest);
        return posted;
      },
      (error: unknown) => this.#postHasFailed(asSallyportError(error)),
    );
    this.#posts.track(posting);

    // The head may be here before the post has returned.
    const { head } = this.#inbox;
    const opened = await Promise.race([head, posting.then((posted) => (posted === 'gone' ? null : head))]);
    if (opened === null) this.#close();
    return opened;
  }

  /** Takes the response of a request that has come to the connector by other routers. Throws what ended the exchange. */
  async join(): Promise<ResponseHead> {
    const { channel } = this.#ports;
    this.#replyTo = await channel.address();
    this.#attend();
    this.#announce();
    return this.#inbox.head;
  }

  /** The body's parts in order. Taking the next one says that the last has left for the user. Throws what ended the exchange early. */
  body(): AsyncGenerator<Buffer> {
    return this.#inbox.body();
  }

  /** Ends the exchange and tells the connector to stop calling the origin. */
  cancel(error: SallyportError): void {
    this.#fail(error);
  }

  /** Resolves when no post is under way. */
  settled(): Promise<void> {
    return this.#posts.settled();
  }

  #attend(): void {
    const { channel, clock } = this.#ports;
    const { request, deadlineAt, elsewhere = 'now' } = this.#plan;
    this.#detach = channel.attend(this.id, this.#listener());
    this.#silence = createSilence({
      clock,
      deadlineAt,
      headMs: request.timeoutMs,
      firstMs: elsewhere === 'now' ? SILENCE_FIRST_MS : SILENCE_ALONE_MS,
      gap: () => this.#inbox.gap,
      quiet: () => this.#ask(),
      suspected: (silentMs) => this.#suspect(silentMs),
      // Of an answer that has begun, silence may be told a moment before the search for another tunnel ends.
      expired: (error) => this.#fail((this.#inbox.headSeen ? this.#follower.failure : null) ?? error),
    });
  }

  #listener(): ExchangeListener {
    return {
      key: this.#plan.key,
      frame: (opened) => this.#accept(opened),
      interrupted: () => this.#silence?.heard(false),
      moved: (replyTo) => {
        this.#replyTo = replyTo;
        this.#silence?.heard(false);
        this.#announce();
      },
      lost: (error) => this.#fail(error),
    };
  }

  #send(first: string, rest: Iterable<string>): void {
    this.#upload = new Upload(first, rest, {
      send: (text) => this.#follower.send(text),
      located: () => this.#follower.located,
      taken: () => this.#silence?.partTaken(),
      stopped: () => this.#inbox.ended,
    });
    this.#posts.track(this.#upload.done.catch((error: unknown) => this.#fail(asSallyportError(error))));
  }

  #accept({ frame, payload }: OpenedFrame): void {
    if (this.#inbox.ended) return;
    this.#hear();
    switch (frame.type) {
      case 'progress':
        this.#silence?.heard(false);
        this.#upload?.progress(frame.received);
        // The connector may wait for a credit frame that was lost, and we for a frame of its.
        this.#tellCredit();
        if (this.#inbox.gap) this.#announce();
        break;
      case 'moved':
        this.#silence?.heard(false);
        this.#follower.follow(frame.tunnel);
        this.#resync(frame.received);
        break;
      case 'error':
      case 'response':
      case 'body':
        this.#receive(frame, payload);
        this.#silence?.heard(true);
        break;
      default:
        this.#ports.log.warn('frame.refused', { code: 'ERR_FRAME_INVALID', exchange: this.id, type: frame.type });
    }
  }

  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    this.#ports.tunnels.trust(this.#follower.tunnel);
  }

  #receive(frame: NumberedFrame, payload: Buffer): void {
    if (frame.type === 'response') this.#watch.note('head');
    if (payload.length > 0) this.#watch.note('firstByte');
    if ('timings' in frame) this.#watch.measured(frame.timings);
    try {
      const refusal = this.#inbox.accept(frame, payload);
      if (refusal !== null) this.#refused(refusal);
      else if (this.#inbox.ended) this.#close();
      else if (this.#inbox.headSeen) this.#silence?.headSeen();
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
  }

  #refused(refusal: ErrorFrame): void {
    const { code, message } = refusal;
    this.#notCarriedOut = NOT_CARRIED_OUT.has(code);
    this.#unreached = isUnreached(refusal);
    this.#fail(new SallyportError(isErrorCode(code) ? code : 'ERR_INTERNAL', `${this.connector}: ${message}`), false);
  }

  /** Throttling (busy) is told before anything is delivered; after any other failure it cannot be known. */
  #postHasFailed(error: SallyportError): never {
    this.#notCarriedOut = NOT_CARRIED_OUT.has(error.code);
    this.#postFailed = true;
    this.#fail(error, false);
    throw error;
  }

  /** Where the connector is to post to, and from which frame on: what it sent after that, it sends again. */
  #announce(): void {
    if (this.#inbox.ended) return;
    this.#control({ type: 'reply-to', exchange: this.id, replyTo: this.#replyTo, received: this.#inbox.received });
  }

  #tellCredit(): void {
    const { received, limit } = this.#inbox;
    if (limit !== null) this.#control({ type: 'credit', exchange: this.id, received, limit });
  }

  /** The body has paused: what was sent last may be lost, ours or the connector's, or our connection may have died without a word. */
  #ask(): void {
    this.#ports.channel.probe();
    this.#announce();
    this.#tellCredit();
  }

  /** Nothing is heard though a healthy connector would have said something: our connection, its tunnel or a frame may be lost. */
  #suspect(silentMs: number): void {
    const { channel, tunnels } = this.#ports;
    channel.probe();
    if (!this.#heard) tunnels.doubt(this.#follower.tunnel);
    const yields = this.#plan.elsewhere === 'later' && !this.#heard && silentMs >= SILENCE_FIRST_MS;
    this.#posts.track(
      this.#follower.refresh().then((found) => {
        if (found === 'followed') this.#resync(null);
        else if (found === 'others' && yields && !this.#heard) this.#fail(silent(silentMs));
        else this.#announce();
      }),
    );
  }

  /** A new tunnel: sends again what may have been lost with the old one. `received` is null when the registry named it, not the connector. */
  #resync(received: number | null): void {
    if (this.#inbox.ended) return;
    this.#announce();
    // Whoever was heard has the request.
    this.#upload?.resend(received ?? (this.#heard ? 1 : 0));
    this.#tellCredit();
  }

  /** A lost control frame does no harm: silence, progress and the next tunnel bring it again. */
  #control(frame: RouterFrame): void {
    const posting = this.#follower.send(encode(frame, this.#plan.key)).catch((error: unknown) => {
      this.#ports.log.warn('exchange.post-failed', { exchange: this.id, type: frame.type, error });
    });
    this.#posts.track(posting);
  }

  #fail(error: SallyportError, tellConnector = true): void {
    if (this.#inbox.ended) return;
    this.#inbox.fail(error);
    if (tellConnector) this.#control({ type: 'cancel', exchange: this.id, code: error.code });
    this.#close();
  }

  #close(): void {
    this.#silence?.stop();
    this.#follower.stop();
    this.#detach();
  }
}
