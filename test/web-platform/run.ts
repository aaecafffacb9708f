// Opens pages of the suite in a browser, some at a time, and collects what its harness reports.
import type { BrowserContext } from 'playwright-core';
import type { TestPage } from './pages.ts';

export interface Subtest {
  readonly page: string;
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
}

interface Reported {
  readonly harness: number;
  readonly told: string | null;
  readonly subtests: ReadonlyArray<{ readonly name: string; readonly status: number; readonly message: string | null }>;
}

const AT_ONCE = 3;
/** Of a page whose harness says nothing: longer than any timeout of its own. */
const PAGE_MS = 150_000;
const PASSED = 0;

/** Results in the pages' order. `tell` hears of each page. */
export const runPages = async (
  context: BrowserContext,
  origin: string,
  pages: readonly TestPage[],
  tell: (page: TestPage, results: readonly Subtest[]) => void,
): Promise<Subtest[]> => {
  const all: Subtest[][] = [];
  const left = pages.entries();
  const work = async () => {
    for (const [index, page] of left) {
      const results = await runPage(context, origin, page);
      all[index] = results;
      tell(page, results);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return all.flat();
};

const runPage = async (context: BrowserContext, origin: string, { file, path }: TestPage): Promise<Subtest[]> => {
  const page = await context.newPage();
  try {
    await page.goto(new URL(path, origin).href, { timeout: PAGE_MS });
    const handle = await page.waitForFunction('globalThis.suiteResults', undefined, { timeout: PAGE_MS });
    const { harness, told, subtests } = (await handle.jsonValue()) as Reported;
    const whole = harness === PASSED ? [] : [{ name: '(the harness)', status: harness, message: told }];
    // What a test says of its own address is no difference.
    const neutral = (text: string) => text.replaceAll(new URL(origin).host, 'HOST');
    return [...subtests, ...whole].map(({ name, status, message }) => ({
      ...{ page: path, file, name: neutral(name) },
      passed: status === PASSED,
      message: neutral(message ?? ''),
    }));
  } catch (error) {
    return [{ page: path, file, name: '(the page)', passed: false, message: (error as Error).message.split('\n')[0]! }];
  } finally {
    await page.close();
  }
};
