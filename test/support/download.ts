// A user's download, read as it comes: its digest when it is whole, what broke it off when it is not.
import { createHash } from 'node:crypto';
import type { UserProgram } from './user.ts';

export interface Download {
  readonly status: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether the connection ended as HTTP says that a whole answer ends. */
  readonly whole: boolean;
}

/** `begun` is called once, when the first bytes are here, and awaited before the next are read. */
export const download = async (user: UserProgram, url: string, begun: () => Promise<void> = async () => {}): Promise<Download> => {
  const { statusCode, body } = await user.open(url);
  const hash = createHash('sha256');
  let bytes = 0;
  let whole = true;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      if (bytes === 0) await begun();
      hash.update(part);
      bytes += part.length;
    }
  } catch (error) {
    if (!isBreak(error)) throw error;
    whole = false;
  }
  return { status: statusCode, bytes, sha256: hash.digest('hex'), whole };
};

/** What undici calls a connection that ended before its answer did. */
const isBreak = (error: unknown): boolean => /^UND_ERR_(SOCKET|RES_CONTENT_LENGTH_MISMATCH)$|^ECONNRESET$/.test(codeOf(error));

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '');
