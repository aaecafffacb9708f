// What a scanner makes of a text: what leaves as it came, and pieces that hold addresses, which leave once it is known what is published there.
import type { LinkPlace } from '../../../protocol/link-report.ts';
import type { Spelt } from './spelling.ts';

export interface Piece {
  readonly text: string;
  readonly place: LinkPlace;
  /** In the order of the text; they do not overlap. */
  readonly sites: readonly Spelt[];
  readonly insertions?: readonly Insertion[];
}

/**
 * What goes into a tag: always, or where this address leads to something that is published. In HTML never a quote or a bracket, so that
 * the page falls into the same parts whatever a browser takes the tag for.
 */
export interface Insertion {
  readonly at: number;
  readonly text: string;
  readonly leadsTo: Spelt | null;
}

export type Output = string | Piece;

/** Takes a text in parts cut anywhere. What is not in the middle of something leaves at once; what comes out is the whole text, once. */
export interface Scanner {
  push(text: string): Output[];
  end(): Output[];
}
