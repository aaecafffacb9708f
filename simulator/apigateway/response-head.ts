// Status and headers of a function's answer on their way through a REST API.
// "Amazon API Gateway important notes": some headers are renamed x-amzn-Remapped-…, some do not pass.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { IntegrationFailure } from './invoke-function.ts';
import type { Header } from './request.ts';

export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly Header[];
}

// Unverified on AWS: the page's list says "may be remapped"; this is the harsher reading of it.
const REMAPPED = new Set([
  'authorization',
  'connection',
  'content-md5',
  'date',
  'max-forwards',
  'server',
  'user-agent',
  'www-authenticate',
  'content-length',
  'x-amzn-requestid',
]);
const DROPPED = new Set(['expect', 'host', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via']);

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const responseShape = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), text).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(text)).nullish(),
  cookies: z.array(z.string()).nullish(),
});

/** What becomes of the Content-Length of a streamed answer. */
export type StreamedLength = 'kept' | 'renamed';

/** The head of an answer in the output format of the proxy integration. `length`: null for one not streamed. Throws IntegrationFailure `malformed`. */
export const readResponseHead = (answer: z.infer<typeof responseShape>, length: StreamedLength | null): ResponseHead => {
  const headers = [...merged(answer), ...(answer.cookies ?? []).map((cookie): Header => ['Set-Cookie', cookie])].flatMap((entry) =>
    passed(entry, length),
  );
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) headers.push(['Content-Type', 'application/json']);
  return { status: answer.statusCode, headers };
};

/** A name that stands in both has the values of multiValueHeaders alone. */
const merged = ({ headers, multiValueHeaders }: z.infer<typeof responseShape>): Header[] => {
  const multiple = Object.entries(multiValueHeaders ?? {});
  const named = new Set(multiple.map(([name]) => name.toLowerCase()));
  return [
    ...Object.entries(headers ?? {}).filter(([name]) => !named.has(name.toLowerCase())),
    ...multiple.flatMap(([name, values]) => values.map((value): Header => [name, value])),
  ];
};

const passed = ([name, value]: Header, length: StreamedLength | null): Header[] => {
  const lower = name.toLowerCase();
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (cause) {
    throw new IntegrationFailure('malformed', `The function answered a header that is none: ${name}.`, { cause });
  }
  if (DROPPED.has(lower)) return [];
  // Without streaming API Gateway counts the body itself.
  if (lower === 'content-length' && length !== 'renamed') return length === 'kept' ? [[name, value]] : [];
  return REMAPPED.has(lower) ? [[`x-amzn-Remapped-${name}`, value]] : [[name, value]];
};
