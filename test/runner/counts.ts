// How many tests passed, failed and were skipped: of a step, of suites, of everything.

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A step that is one test by itself. */
export const PASSED: Count = { passed: 1, failed: 0, skipped: 0 };
export const FAILED: Count = { passed: 0, failed: 1, skipped: 0 };

export const total = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((sum, { passed }) => sum + passed, 0),
  failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  skipped: counts.reduce((sum, { skipped }) => sum + skipped, 0),
});

export const succeeded = ({ passed, failed }: Count): boolean => failed === 0 && passed > 0;
