// What one exchange is to be: which request, by which tunnel, and until when.
import type { FrameKey } from '../../protocol/codec.ts';
import type { RequestFrame } from '../../protocol/frames.ts';
import type { Tunnel } from '../stores/records.ts';

export interface ExchangePlan {
  readonly id: string;
  readonly tunnel: Tunnel;
  readonly key: FrameKey;
  /** The request frame's own fields; the exchange adds where to answer. */
  readonly request: Omit<RequestFrame, 'type' | 'exchange' | 'n' | 'connector' | 'tunnel' | 'replyTo' | 'issuedAt' | 'codings' | 'end'>;
  readonly body: Buffer;
  /**
   * Whether another connector can take it. Where none may (`never`), or there is none yet (`later`), this one is given the time to open another
   * tunnel. @default 'now'
   */
  readonly elsewhere?: 'now' | 'later' | 'never';
  /** When the user's request came in: what the log's times count from. */
  readonly receivedAt: number;
  /** When the invocation must have ended. */
  readonly deadlineAt: number;
}
