// Reads a request's body up to a quota.
import type { IncomingMessage } from 'node:http';

/** The body, or `'too-large'` as soon as that is certain, or `'gone'` when the client broke off. */
export const readBody = async (message: IncomingMessage, limit: number): Promise<Buffer | 'too-large' | 'gone'> => {
  if (Number(message.headers['content-length'] ?? 0) > limit) return 'too-large';
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    return 'gone';
  }
  return Buffer.concat(chunks);
};
