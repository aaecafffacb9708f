// A password from standard input, where neither the process list nor a shell's history has it.
import type { Readable } from 'node:stream';
import { SallyportError } from '../protocol/errors.ts';

/** Without the line's end. Throws ERR_CONFIGURATION_INVALID at a terminal, which would show it. */
export const readPasswordFrom = async (input: Readable & { readonly isTTY?: boolean }): Promise<string> => {
  if (input.isTTY) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      'The password is read from standard input, and this is a terminal. Write: read -rs PASSWORD; printf %s "$PASSWORD" | npx sallyport credentials set …',
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
};
