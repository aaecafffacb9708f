// Writes the log's lines to standard output, those of one turn of the event loop at once: each write to a pipe waits for the system.
import type { Writable } from 'node:stream';

/** `onExit` registers what is to be done before the process ends, so that the last lines are not lost. */
export const logLines = (output: Pick<Writable, 'write'>, onExit: (flush: () => void) => void): ((line: string) => void) => {
  let waiting = '';
  const flush = (): void => {
    if (waiting !== '') output.write(waiting);
    waiting = '';
  };
  onExit(flush);
  return (line) => {
    if (waiting === '') setImmediate(flush);
    waiting += `${line}\n`;
  };
};
