// A body on its way to the user: unpacked, read, its addresses replaced (or only told), packed again. What a part holds leaves before the
// next one is asked for, except what is in the middle of a tag or an address.
import { decoded, gzipped } from '../../../protocol/content-codings.ts';
import { codecOf, fromStart, isReadable, type TextCodec } from './charset.ts';
import type { Content } from './content.ts';
import { createCssScanner } from './css.ts';
import { createHtmlScanner } from './html.ts';
import type { Output, Piece, Scanner } from './pieces.ts';
import type { HashedContent } from './policy.ts';
import type { LinkReport } from './report.ts';
import { createScriptScanner } from './script.ts';
import type { Targets } from './targets.ts';

type Parts = AsyncIterable<Buffer>;

export interface BodyOptions {
  readonly content: Content;
  readonly scripts: boolean;
  readonly data: boolean;
  readonly hashed: HashedContent;
  readonly targets: Targets;
  /** Is told of every address; the text stays as it is then. Null: it is translated. */
  readonly report: LinkReport | null;
  /** Whether addresses are read at all: of a page that only gets a script of ours, the head is looked at. */
  readonly translates: boolean;
  /** What else becomes of the plain body. */
  readonly finish: (plain: Parts) => Parts;
  /** Whether the answer leaves in gzip. */
  readonly packed: boolean;
}

/** Throws what the parts throw, and ERR_ORIGIN_INVALID for a body that cannot be unpacked. */
export const translateBody = (parts: Parts, options: BodyOptions): Parts => {
  const read = decoded(parts, options.content.codings);
  const plain = options.finish(options.translates || isMarkup(options.content) ? translated(read, options) : read);
  return options.packed ? gzipped(plain) : plain;
};

const isMarkup = ({ kind }: Content): boolean => kind === 'html' || kind === 'xml';

async function* translated(parts: Parts, options: BodyOptions): AsyncGenerator<Buffer> {
  const scanner = scannerOf(options);
  let codec: TextCodec | null | undefined;
  for await (const part of fromStart(parts)) {
    codec = codec === undefined ? codecOf(options.content.charset, part) : codec;
    if (codec === null) yield part;
    else yield* encoded(codec, await written(scanner.push(codec.decode(part)), options));
  }
  if (!codec) return;
  yield* encoded(codec, await written(scanner.end(), options));
  if (codec.rest().length > 0) yield codec.rest();
}

const scannerOf = ({ content: { kind }, scripts, data, hashed, targets: { paths }, report, translates }: BodyOptions): Scanner => {
  if (kind === 'css') return createCssScanner(paths);
  if (kind === 'script') return createScriptScanner();
  // Whoever decides whether to translate scripts wants to know of them before.
  const wanted = { paths, scripts: scripts || report !== null, data: data || report !== null, headAlone: !translates };
  return createHtmlScanner({ ...wanted, xml: kind === 'xml', hashed, readable: isReadable });
};

const encoded = (codec: TextCodec, text: string): Buffer[] => (text === '' ? [] : [codec.encode(text)]);

const written = async (outputs: readonly Output[], { targets, report, translates }: BodyOptions): Promise<string> => {
  const pieces = translates ? outputs.filter((output) => typeof output !== 'string') : [];
  if (pieces.length > 0) await targets.learn(pieces.flatMap(({ sites }) => sites));
  return outputs
    .map((output) => {
      if (typeof output === 'string') return output;
      if (!translates) return replaced({ ...output, sites: [] }, targets);
      return report === null ? replaced(output, targets) : reported(output, targets, report);
    })
    .join('');
};

const reported = (piece: Piece, targets: Targets, report: LinkReport): string => {
  for (const site of piece.sites) report.add(piece.text, site, piece.place, targets.external(piece.text, site)?.application ?? null);
  return piece.text;
};

/** The piece with what is published in place of what is internal. */
export const replaced = ({ text, sites, insertions = [] }: Pick<Piece, 'text' | 'sites' | 'insertions'>, targets: Targets): string => {
  const edits = [
    ...sites.flatMap((site) => {
      const found = targets.external(text, site);
      return found ? [{ start: site.start, end: found.end, instead: found.text }] : [];
    }),
    ...insertions
      .filter(({ leadsTo }) => leadsTo === null || targets.external(text, leadsTo) !== null)
      .map(({ at: start, text: instead }) => ({ start, end: start, instead })),
  ].sort((one, other) => one.start - other.start);
  let result = '';
  let at = 0;
  for (const { start, end, instead } of edits) {
    result += text.slice(at, start) + instead;
    at = end;
  }
  return result + text.slice(at);
};
