// What one router has to do with an upload at a connector: begins it, brings a part, asks how far it is. The connector's word counts for
// all of it, so whatever is lost on the way is asked about and sent again.
import { encode, type FrameKey, type OpenedFrame } from '../../../protocol/codec.ts';
import { asSallyportError, isErrorCode, SallyportError } from '../../../protocol/errors.ts';
import type { PartFrame, RequestFrame, RouterFrame, TakenFrame } from '../../../protocol/frames.ts';
import { PAYLOAD_MAX_BYTES, PROGRESS_FIRST_MS, PROGRESS_WAIT_MS, SILENCE_WAIT_MS } from '../../../protocol/limits.ts';
import type { Tunnel } from '../../stores/records.ts';
import type { ExchangePorts } from '../exchange.ts';
import type { ExchangeListener } from '../ports.ts';
import { requestFrames } from '../request-frames.ts';
import { isUnreached } from '../run-elsewhere.ts';
import { TunnelFollower } from '../tunnel-follower.ts';
import { UnderWay } from '../under-way.ts';

/** Posts under way at once. */
const PARALLEL = 4;
/** A connector that reads would have said so by now. */
const ASK_FIRST_MS = PROGRESS_FIRST_MS + 500;

export interface LinePlan {
  readonly exchange: string;
  readonly tunnel: Tunnel;
  readonly key: FrameKey;
  /** When the invocation must have ended. */
  readonly deadlineAt: number;
}

export type UploadRequest = Omit<
  RequestFrame,
  'type' | 'exchange' | 'n' | 'connector' | 'tunnel' | 'replyTo' | 'issuedAt' | 'codings' | 'hasBody' | 'end' | 'upload'
>;

interface Waiting {
  readonly ready: (told: TakenFrame) => boolean;
  readonly resolve: (told: TakenFrame) => void;
  readonly reject: (error: SallyportError) => void;
}

export class UploadLine {
  readonly #plan: LinePlan;
  readonly #ports: ExchangePorts;
  readonly #follower: TunnelFollower;
  readonly #posts = new UnderWay();
  #detach: () => void = () => undefined;
  #replyTo = '';
  #waiting: Waiting | null = null;
  #cancelLook: () => void = () => undefined;
  #heardAt = 0;
  /** The part in hand. */
  #part: { readonly offset: number; readonly bytes: Buffer; readonly length: number | null } = {
    offset: 0,
    bytes: Buffer.alloc(0),
    length: null,
  };
  /** Whether all of it has been posted. */
  #posted = true;
  #failure: SallyportError | null = null;
  #unreached = false;

  constructor(plan: LinePlan, ports: ExchangePorts) {
    this.#plan = plan;
    this.#ports = ports;
    this.#follower = new TunnelFollower(plan.tunnel, { ...ports, found: () => this.#ask(), lost: (error) => this.#fail(error) });
  }

  /** True when the connector may not or cannot reach the origin: the request has not come there. */
  get unreached(): boolean {
    return this.#unreached;
  }

  /** Posts the request, whose body is to follow. Null: the tunnel is gone and nothing was delivered. */
  async begin(request: UploadRequest, upload: Required<NonNullable<RequestFrame['upload']>>): Promise<TakenFrame | null> {
    const { exchange, tunnel, key } = this.#plan;
    await this.#open();
    const { connector, connectionId } = tunnel;
    const addressed = { ...request, connector, tunnel: connectionId, replyTo: this.#replyTo, issuedAt: this.#ports.clock.now() };
    const head = { type: 'request', exchange, n: 0, ...addressed, hasBody: true, upload } as const;
    const { first } = requestFrames(head, Buffer.alloc(0), key);
    this.#part = { ...this.#part, length: upload.length };
    // The connector's word may be here before the post has returned.
    const told = this.#until(() => true);
    return (await this.#ports.post(connectionId, first)) === 'gone' ? null : told;
  }

  /** How far it is. */
  async ask(): Promise<TakenFrame> {
    await this.#open();
    const told = this.#until(() => true);
    this.#ask();
    return told;
  }

  /** Brings a part to the origin: resolves when it has it, or has answered. */
  async send(offset: number, bytes: Buffer, length: number | null): Promise<TakenFrame> {
    this.#part = { offset, bytes, length };
    const until = offset + bytes.length;
    const told = this.#until((now) => now.taken >= until || now.over);
    if (bytes.length === 0) this.#ask();
    else await this.#post(0);
    return told;
  }

  /** Ends it: the origin never has the rest. */
  cancel(): void {
    this.#control({ type: 'cancel', exchange: this.#plan.exchange, code: 'ERR_USER_GONE' });
  }

  /** Nothing more is to be done here: the connector waits for another router. Resolves when no post is under way. */
  async close(reason = new SallyportError('ERR_USER_GONE')): Promise<void> {
    this.#fail(reason);
    this.#follower.stop();
    this.#detach();
    await this.#posts.settled();
  }

  async #open(): Promise<void> {
    if (this.#replyTo !== '') return;
    this.#replyTo = await this.#ports.channel.address();
    this.#detach = this.#ports.channel.attend(this.#plan.exchange, this.#listener());
  }

  #listener(): ExchangeListener {
    return {
      key: this.#plan.key,
      frame: (opened) => this.#accept(opened),
      interrupted: () => {
        this.#heardAt = this.#ports.clock.now();
      },
      moved: (replyTo) => {
        this.#replyTo = replyTo;
        this.#heardAt = this.#ports.clock.now();
        this.#ask();
      },
      lost: (error) => this.#fail(error),
    };
  }

  #accept({ frame }: OpenedFrame): void {
    this.#heardAt = this.#ports.clock.now();
    if (frame.type === 'taken') this.#told(frame);
    else if (frame.type === 'moved') this.#follower.follow(frame.tunnel);
    else if (frame.type === 'error') {
      this.#unreached = isUnreached(frame);
      this.#fail(failureOf(frame.code, `${this.#plan.tunnel.connector}: ${frame.message}`));
    } else {
      // It has taken the request for one whose body comes in the old way.
      this.#control({ type: 'cancel', exchange: this.#plan.exchange, code: 'ERR_CONNECTOR_OUTDATED' });
      this.#fail(new SallyportError('ERR_CONNECTOR_OUTDATED', `${this.#plan.tunnel.connector} knows no uploads.`));
    }
  }

  #told(told: TakenFrame): void {
    const { offset, bytes } = this.#part;
    if (this.#waiting?.ready(told)) {
      this.#cancelLook();
      this.#waiting.resolve(told);
      this.#waiting = null;
    } else if (this.#posted && told.received < offset + bytes.length) {
      this.#posts.track(this.#post(Math.max(0, told.received - offset)));
    }
  }

  #until(ready: Waiting['ready']): Promise<TakenFrame> {
    this.#heardAt = this.#ports.clock.now();
    const told = new Promise<TakenFrame>((resolve, reject) => {
      this.#waiting = { ready, resolve, reject };
    });
    // Whoever waits may still be posting when it fails.
    told.catch(() => undefined);
    if (this.#failure) this.#waiting!.reject(this.#failure);
    else this.#look(ASK_FIRST_MS);
    return told;
  }

  #look(ms: number): void {
    const { clock, channel } = this.#ports;
    this.#cancelLook();
    this.#cancelLook = clock.after(ms, () => {
      const silentMs = clock.now() - this.#heardAt;
      if (silentMs >= SILENCE_WAIT_MS) {
        this.#fail(new SallyportError('ERR_CONNECTOR_SILENT', `Nothing was heard for ${silentMs} ms.`));
      } else if (clock.now() >= this.#plan.deadlineAt) {
        this.#fail(new SallyportError('ERR_ORIGIN_TIMEOUT', 'The part took longer than one invocation of the router may.'));
      } else {
        if (silentMs >= ASK_FIRST_MS) {
          channel.probe();
          this.#posts.track(this.#follower.refresh());
        }
        this.#ask();
        this.#look(PROGRESS_WAIT_MS);
      }
    });
  }

  /** Posts what of the part follows `from`. */
  async #post(from: number): Promise<void> {
    this.#posted = false;
    const { bytes } = this.#part;
    let next = from;
    const lane = async (): Promise<void> => {
      while (next < bytes.length && this.#waiting !== null) {
        const at = next;
        next += PAYLOAD_MAX_BYTES;
        const text = encode(this.#frame(at), this.#plan.key, bytes.subarray(at, at + PAYLOAD_MAX_BYTES));
        // What met a dead tunnel is asked about and sent again.
        if (!(await this.#follower.send(text))) await this.#follower.located;
      }
    };
    try {
      await Promise.all(Array.from({ length: PARALLEL }, lane));
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
    this.#posted = true;
  }

  #frame(at: number): PartFrame {
    const { offset, bytes, length } = this.#part;
    const { exchange } = this.#plan;
    return { type: 'part', exchange, offset: offset + at, until: offset + bytes.length, length, replyTo: this.#replyTo };
  }

  #ask(): void {
    if (this.#waiting !== null) this.#control(this.#frame(0));
  }

  /** A lost control frame does no harm: the next look brings another. */
  #control(frame: RouterFrame): void {
    this.#posts.track(
      this.#follower.send(encode(frame, this.#plan.key)).catch((error: unknown) => {
        this.#ports.log.warn('exchange.post-failed', { exchange: this.#plan.exchange, type: frame.type, error });
      }),
    );
  }

  #fail(error: SallyportError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#cancelLook();
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/** What the connector says of an upload that it does not have: it gave it up, or is another process than the one that had it. */
export const failureOf = (code: string, message: string): SallyportError =>
  code === 'ERR_EXCHANGE_UNKNOWN'
    ? new SallyportError('ERR_UPLOAD_LOST', message)
    : new SallyportError(isErrorCode(code) ? code : 'ERR_INTERNAL', message);
