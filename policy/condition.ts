// A condition on the use of an application, as the directory holds it: a scope, and what must or must not be the case within it.
import type { Requirements } from './requirements.ts';

export interface Condition {
  /** What `why`, the log and the user's page call it. */
  readonly name: string;
  /** Prefixes below the application's path, beginning and ending with `/`; empty: all of it. */
  readonly paths: readonly string[];
  /** Empty: all of them. */
  readonly methods: readonly string[];
  /** All of it must hold; null asks nothing. */
  readonly require: Requirements | null;
  /** It must not all hold; empty refuses everyone, null nobody. */
  readonly refuse: Requirements | null;
}
