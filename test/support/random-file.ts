// A file that nothing can guess or compress, written without being held.
import { createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;

/** Answers its SHA-256, hexadecimal. */
export const writeRandomFile = async (file: string, megabytes: number): Promise<string> => {
  const writing = await open(file, 'w');
  const hash = createHash('sha256');
  for (let written = 0; written < megabytes; written += 1) {
    const block = randomBytes(BLOCK_BYTES);
    hash.update(block);
    await writing.write(block);
  }
  await writing.close();
  return hash.digest('hex');
};
