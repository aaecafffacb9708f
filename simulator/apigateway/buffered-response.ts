// The answer of a buffered Lambda proxy integration of a REST API.
import { z } from 'zod';
import { IntegrationFailure } from './invoke-function.ts';
import { isBinary } from './proxy-event.ts';
import { type ResponseHead, readResponseHead, responseShape } from './response-head.ts';

const bufferedShape = responseShape.omit({ cookies: true }).extend({
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export interface BufferedResponse extends ResponseHead {
  readonly body: Buffer;
}

/**
 * Reads what a function answered; `accept` is the request's. Base64 is decoded only when the first accepted type is a binary
 * one ("Return binary media from a Lambda proxy integration"). Throws IntegrationFailure `malformed`.
 */
export const readBufferedResponse = (
  payload: string,
  binaryMediaTypes: readonly string[],
  accept: string | undefined,
): BufferedResponse => {
  const result = bufferedShape.safeParse(parse(payload));
  if (!result.success) throw new IntegrationFailure('malformed', `The function's answer is no proxy response: ${result.error.message}`);
  const { body, isBase64Encoded } = result.data;
  const decoded = isBase64Encoded === true && isBinary(binaryMediaTypes, accept?.split(',')[0]);
  return { ...readResponseHead(result.data, null), body: Buffer.from(body ?? '', decoded ? 'base64' : 'utf8') };
};

const parse = (payload: string): unknown => {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw new IntegrationFailure('malformed', 'The function answered no JSON.', { cause });
  }
};
