// `npm run wpt -- DIRECTORY [FOLDER]`: runs the WebSocket tests of a checkout of web-platform-tests directly and through the whole path, prints
// both and writes dist/web-platform-tests.md. Fails when something passes directly only.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { ROOT } from '../support/files.ts';
import { compare } from './compare.ts';
import { testPages } from './pages.ts';
import type { Subtest } from './run.ts';
import { startSuiteServer } from './server.ts';
import { differences, fileRows, markdown } from './table.ts';

const main = async ([directory, folder = 'websockets']: readonly string[]): Promise<number> => {
  if (directory === undefined) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', 'Give the folder of a checkout of https://github.com/web-platform-tests/wpt.');
  }
  const suite = await startSuiteServer(resolve(directory));
  try {
    const pages = testPages(resolve(directory), folder);
    const direct: Subtest[] = [];
    const through: Subtest[] = [];
    for (const secure of [false, true]) {
      const some = pages.filter((page) => page.secure === secure);
      if (some.length === 0) continue;
      const compared = await compare(suite, secure, some, (way, { path }, results) => {
        const failed = results.filter(({ passed }) => !passed).length;
        console.log(`${way} ${path}: ${results.length - failed} passed, ${failed} failed`);
      });
      direct.push(...compared.direct);
      through.push(...compared.through);
    }
    const found = differences(direct, through);
    const table = markdown(fileRows(direct, through), found);
    writeFileSync(join(ROOT, 'dist/web-platform-tests.md'), table);
    console.log(`\n${table}`);
    return found.some(({ passes }) => passes === 'direct') ? 1 : 0;
  } finally {
    await suite.dispose();
  }
};

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exit(code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1);
  },
);
