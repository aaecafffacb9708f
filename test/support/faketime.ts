// A wrong clock for one process, by Debian's faketime. Its command would stand between us and the process, so its library is named itself.

const TRIPLETS: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const LIBRARY = `/usr/lib/${TRIPLETS[process.arch]}/faketime/libfaketimeMT.so.1`;

/** Variables with which a process takes the time for another; `offset` as libfaketime writes it (`+6m`). */
export const withClock = (offset: string): Record<string, string> => ({ LD_PRELOAD: LIBRARY, FAKETIME: offset });

/** The same, by what stands in a file at that moment. */
export const withClockFrom = (file: string): Record<string, string> => ({
  LD_PRELOAD: LIBRARY,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: '1',
});
