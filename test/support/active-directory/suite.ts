// Tests that need a domain, where there can be one. Elsewhere they are skipped and say what is missing; in CI that is a failure.
import { describe, test } from '@jest/globals';
import { domainImpossible } from './domain.ts';

export const withDomain = (name: string, tests: () => void): void => {
  const missing = domainImpossible();
  if (missing === null) {
    describe(name, tests);
  } else if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(`These tests need ${missing}.`);
    });
  } else {
    describe.skip(`${name}: needs ${missing}`, tests);
  }
};
