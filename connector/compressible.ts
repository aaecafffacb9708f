// Whether it is worth trying to compress an answer's body on the tunnel: text by its type, and not compressed already.
import { codingsOf } from '../protocol/content-codings.ts';
import type { HeaderList } from '../protocol/frames.ts';

const TEXT_TYPE =
  /^(?:text\/.+|application\/(?:.+\+)?(?:json|xml|yaml|x-yaml|x-ndjson|jsonl|javascript|ecmascript|x-javascript|sql|rtf|wasm|x-sh|graphql)|image\/(?:svg\+xml|bmp)|font\/(?:ttf|otf)|model\/.+|message\/.+)$/;

/** An answer that names a content coding, or no type, is left as it is. */
export const isCompressible = (headers: HeaderList): boolean => {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].toLowerCase() ?? '';
  return codingsOf(headers)?.length === 0 && TEXT_TYPE.test(type.split(';', 1)[0]!.trim());
};
