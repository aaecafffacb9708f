// Which pages of a checkout of web-platform-tests are to be opened: its file names and `META` lines say so
// (https://web-platform-tests.org/writing-tests/testharness.html). HTTP/2 is left out: nothing here speaks it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestPage {
  /** Below the suite's root. */
  readonly file: string;
  /** Path and query of the page that runs it. */
  readonly path: string;
  /** Whether it is to come by https, and its WebSockets by wss. */
  readonly secure: boolean;
}

const WORKERS = ['dedicatedworker', 'sharedworker', 'serviceworker'];
/** Where a file that runs in several scopes is found for each. */
const PAGE_OF: Readonly<Record<string, string>> = {
  window: '.any.html',
  dedicatedworker: '.any.worker.html',
  sharedworker: '.any.sharedworker.html',
  serviceworker: '.any.serviceworker.html',
};

/** All of a folder of the suite, in the order of their names. */
export const testPages = (suite: string, folder: string): TestPage[] =>
  readdirSync(join(suite, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => !/(?:^|\/)(?:resources|support)\//.test(file))
    .sort()
    .flatMap((file) => pagesOf(file, () => readFileSync(join(suite, file), 'utf8')));

const pagesOf = (file: string, text: () => string): TestPage[] => {
  if (/\.html?$/.test(file)) {
    const markup = text();
    return /testharness\.js/.test(markup) ? varied(file, [file], variantsOf(markup)) : [];
  }
  if (!/\.(?:any|window|worker)\.js$/.test(file)) return [];
  const script = text();
  if (!file.endsWith('.any.js')) return varied(file, [file.replace(/\.js$/, '.html')], variantsOf(script));
  return varied(
    file,
    scopes(script).map((scope) => file.replace(/\.any\.js$/, PAGE_OF[scope]!)),
    variantsOf(script),
  );
};

const scopes = (script: string): string[] => {
  const [said = 'window,dedicatedworker'] = meta(script, 'global');
  const named = said.split(',').flatMap((scope) => (scope.trim() === 'worker' ? WORKERS : [scope.trim()]));
  return named.filter((scope) => Object.hasOwn(PAGE_OF, scope));
};

const meta = (script: string, key: string): string[] =>
  [...script.matchAll(/^\/\/ META: *(\w+)=(.*)$/gm)].filter(([, name]) => name === key).map(([, , value]) => value!.trim());

const variantsOf = (text: string): string[] => [
  ...meta(text, 'variant'),
  ...[...text.matchAll(/<meta name="?variant"? content="([^"]*)"/g)].map(([, value]) => value!.replaceAll('&amp;', '&')),
];

const varied = (file: string, pages: readonly string[], variants: readonly string[]): TestPage[] => {
  const chosen = variants.length === 0 ? [''] : variants.filter((variant) => !/wpt_flags=h2/.test(variant));
  return pages.flatMap((page) =>
    chosen.map((variant) => ({
      file,
      path: `/${page}${variant}`,
      secure: /[?&]wss\b|wpt_flags=https/.test(variant) || /\.https\./.test(file),
    })),
  );
};
