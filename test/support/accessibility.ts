// What axe-core, which looks at a page as assistive technology does, finds wrong with it: WCAG 2.2, levels A and AA, and good practice.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  readonly id: string;
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>;
}

export const accessibilityFaults = async (page: Page): Promise<string[]> => {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE);
  const { violations, passes } = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`)) as {
    readonly violations: readonly Violation[];
    readonly passes: readonly Violation[];
  };
  // Where nothing was looked at, nothing can be wrong.
  if (!passes.some(({ id }) => id === 'color-contrast')) throw new Error('The contrast of no text was looked at.');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
};
