import type { Locked } from './locked.ts';

/** A known vulnerability of a package that is installed. */
export interface Finding extends Locked {
  /** Of the advisory: `GHSA-…`. */
  readonly id: string;
}
