// A rule names one difference that is allowed between a request (or an answer) as it was sent and as it arrives, and says exactly what
// it makes of it: what is expected to arrive is computed rule by rule, and then has to arrive byte for byte.
import type { Case } from './case.ts';
import type { Field } from './message.ts';
import type { Got } from './raw-client.ts';
import type { Seen } from './recording-origin.ts';

export interface Refusal {
  readonly status: number;
  /** Part of the body, which tells who refused. */
  readonly body: string;
  /** Whether the origin was asked all the same. */
  readonly reached: boolean;
}

/** What a rule may know beside the message. */
export interface Place extends Case {
  /** Host and port that users ask for. */
  readonly authority: string;
  /** What API Gateway does to the Content-Length of a streamed answer: AWS does not say, so both are tried. */
  readonly lengths: 'kept' | 'renamed';
}

export interface Rule {
  readonly name: string;
  /** What differs. docs/limits.md has the same words. */
  readonly what: string;
  /** Who made it so, and where that is written. */
  readonly source: string;
  /** A case that is answered otherwise altogether. */
  readonly refuses?: (place: Place) => Refusal | null;
  /** The request that the origin gets, from the one that it gets directly. */
  readonly request?: (seen: Seen, place: Place) => Seen;
  /** What the hop before the origin adds by itself, taken off. */
  readonly arrived?: (seen: Seen) => Seen;
  readonly answer?: (got: Got, place: Place) => Got;
  /** What the hop before the user adds by itself, taken off. */
  readonly answered?: (got: Got) => Got;
}

type WithFields = { readonly fields: readonly Field[] };

export const without = <Message extends WithFields>(message: Message, ...names: readonly string[]): Message => ({
  ...message,
  fields: message.fields.filter(([name]) => !names.includes(name.toLowerCase())),
});

export const sorted = <Message extends WithFields>(message: Message): Message => ({
  ...message,
  fields: [...message.fields].sort(([one], [other]) => compare(one.toLowerCase(), other.toLowerCase())),
});

/** By code units, as programs sort. */
export const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
