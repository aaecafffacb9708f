// `npm run test:unit`: the tests beside the code. Nothing is installed or built for them; what runs a program of Debian's that is not here is
// left out, and named.
import { installCommand } from './runner/apt.ts';
import { succeeded } from './runner/counts.ts';
import { runJest, suitesOf } from './runner/jest.ts';
import { linesOf, preparePackages, without } from './runner/packages.ts';
import { runSuites, UNIT } from './runner/suites.ts';
import { missingPackages } from './support/debian.ts';

const leftOut = preparePackages({
  missing: () => missingPackages().filter(({ user }) => !user.startsWith('test/')),
  ...{ canInstall: false, install: () => undefined, command: installCommand, suitesOf, isCi: false },
  say: (line) => console.log(line),
});
const { counts, flaky } = runSuites((_, args) => runJest(args), { asked: [...UNIT, ...process.argv.slice(2)], further: without(leftOut) });
console.log([...linesOf(leftOut), ...flaky].join('\n'));
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = succeeded(counts) ? 0 : 1;
