// The protocol of a streamed answer: JSON metadata, eight NUL bytes, payload.
// "Stream the integration response for a Lambda proxy integration" (API Gateway Developer Guide).
import { IntegrationFailure } from './invoke-function.ts';
import type { RestQuotas } from './quotas.ts';
import { type ResponseHead, readResponseHead, responseShape, type StreamedLength } from './response-head.ts';

const DELIMITER = Buffer.alloc(8);

export interface PreludeReader {
  /** Takes bytes as the function wrote them and gives the payload among them. Throws IntegrationFailure `malformed` or `head-too-large`. */
  read(chunk: Buffer): Buffer;
  /** Set as soon as the delimiter has come. */
  readonly head: ResponseHead | undefined;
}

type PreludeQuotas = Pick<RestQuotas, 'preludeBytes' | 'renamesStreamedLength'>;

export const createPreludeReader = ({ preludeBytes: limit, renamesStreamedLength }: PreludeQuotas): PreludeReader => {
  let before = Buffer.alloc(0);
  let head: ResponseHead | undefined;
  return {
    get head() {
      return head;
    },
    read: (chunk) => {
      if (head) return chunk;
      const searched = Math.max(0, before.length - DELIMITER.length + 1);
      before = Buffer.concat([before, chunk]);
      const end = before.indexOf(DELIMITER, searched);
      if (end + DELIMITER.length > limit || (end < 0 && before.length >= limit))
        throw new IntegrationFailure('head-too-large', `No delimiter within ${limit} bytes.`);
      if (end < 0) return Buffer.alloc(0);
      head = parse(before.subarray(0, end), renamesStreamedLength === 1 ? 'renamed' : 'kept');
      return before.subarray(end + DELIMITER.length);
    },
  };
};

const parse = (prelude: Buffer, length: StreamedLength): ResponseHead => {
  let metadata: unknown;
  try {
    metadata = JSON.parse(prelude.toString('utf8'));
  } catch (cause) {
    throw new IntegrationFailure('malformed', 'What stands before the delimiter is no JSON.', { cause });
  }
  const result = responseShape.safeParse(metadata);
  if (!result.success)
    throw new IntegrationFailure('malformed', `The metadata is not that of a streamed response: ${result.error.message}`);
  return readResponseHead(result.data, length);
};
