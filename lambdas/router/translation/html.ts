// HTML, XHTML and SVG: attributes that hold addresses, style sheets and scripts within the page. A tokenizer that knows where each part
// stands in the text does the reading (htmlparser2); what it does not name leaves as it came, so malformed pages pass unharmed.
import { Parser, type QuoteType, Tokenizer } from 'htmlparser2';
import { type Attribute, holdsAddresses, scanAttribute } from './attributes.ts';
import { createCssScanner } from './css.ts';
import type { Insertion, Output, Piece, Scanner } from './pieces.ts';
import { type HashedContent, hashedBy } from './policy.ts';
import { createScriptScanner } from './script.ts';
import { findReference, isRelative, type Spelt } from './spelling.ts';

/** A tag is held until it ends; what is longer leaves attribute by attribute. */
export const TAG_MAX = 64 * 1024;
/** A longer value (a picture in a data URL) passes as it is. */
const VALUE_MAX = 64 * 1024;
/** Kept of what has left, for the name of a tag that had begun. */
const NAME_MAX = 64;

/** Of these, one attribute says what another one means. */
const READ_WHOLE: ReadonlySet<string> = new Set(['input', 'link', 'meta', 'script']);

export interface HtmlOptions {
  /** Whether paths without a host may have to be moved. */
  readonly paths: boolean;
  readonly scripts: boolean;
  /** Whether addresses in data are. */
  readonly data: boolean;
  readonly xml: boolean;
  /** Whether all from the body on passes. */
  readonly headAlone: boolean;
  /** By the response's own policy. */
  readonly hashed: HashedContent;
  /** Whether a page that says so of itself is in a charset that can be read byte by byte. */
  readonly readable: (charset: string) => boolean;
}

/** Offsets are those of the whole text. */
interface Open {
  readonly name: string;
  readonly start: number;
  readonly attributes: Found[];
  current: { readonly name: string; readonly nameStart: number; start: number; end: number } | null;
}

interface Found extends Attribute {
  readonly nameStart: number;
  readonly start: number;
  readonly end: number;
}

export const createHtmlScanner = ({ paths, scripts, data, xml, headAlone, hashed, readable }: HtmlOptions): Scanner => {
  let text = '';
  /** Where `text` begins, and what of it has left. */
  let base = 0;
  let left = 0;
  let output: Output[] = [];
  let tag: Open | null = null;
  let content: Scanner | null = null;
  let hashes = hashed;
  let readOn = true;

  const slice = (from: number, to: number): string => (from < base ? '' : text.slice(from - base, to - base));
  const pass = (to: number): void => {
    if (to <= left) return;
    output.push(slice(left, to));
    left = to;
  };

  const tokenizer = new Tokenizer(
    { xmlMode: xml, decodeEntities: false },
    {
      onopentagname: (start, end) => {
        if (!readOn) return;
        const name = slice(start, end).toLowerCase();
        if (headAlone && name === 'body') readOn = false;
        else tag = { name, start: end, attributes: [], current: null };
      },
      onattribname: (start, end) => {
        if (tag) tag.current = { name: slice(start, end).toLowerCase(), nameStart: start, start: -1, end: -1 };
      },
      onattribdata: (start, end) => {
        const current = tag?.current;
        if (!current) return;
        if (current.start < 0) current.start = start;
        current.end = end;
      },
      onattribend: (_quote: QuoteType, end) => finishAttribute(end),
      onopentagend: (end) => finishTag(end + 1, true),
      onselfclosingtag: (end) => finishTag(end + 1, !xml),
      ontext: (start, end) => inside(start, end),
      oncdata: (start, end) => inside(start, end),
      onclosetag: (start) => {
        if (!content) return;
        output.push(...content.end());
        content = null;
        pass(start);
      },
      onattribentity: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onprocessinginstruction: nothing,
      ontextentity: nothing,
    },
  );

  const finishAttribute = (end: number): void => {
    const current = tag?.current;
    if (!tag || !current) return;
    tag.current = null;
    if (current.end - current.start > VALUE_MAX) return;
    if (!READ_WHOLE.has(tag.name) && !holdsAddresses(tag.name, current.name)) return;
    const value = current.start < 0 ? '' : slice(current.start, current.end);
    tag.attributes.push({ name: current.name, value, nameStart: current.nameStart, start: current.start, end: Math.max(current.end, end) });
  };

  const finishTag = (end: number, hasContent: boolean): void => {
    if (!tag) return;
    const { name, start, attributes } = tag;
    const whole = end - start <= TAG_MAX;
    emitTag(end, attributes, whole);
    if (whole && name === 'meta') readMeta(slice(start, end));
    content = hasContent && readOn ? contentOf(name, attributes) : null;
    tag = null;
  };

  /** Everything up to `end`, which holds these attributes. */
  const emitTag = (end: number, attributes: readonly Found[], whole: boolean): void => {
    if (attributes.length === 0) return;
    const from = Math.max(left, tag!.start);
    const options = { paths, scripts, data, handlers: !hashes.scripts, styles: !hashes.styles };
    const found = attributes.map((attribute) => ({ attribute, ...scanAttribute(tag!.name, attribute, whole ? attributes : [], options) }));
    const piece: Piece = {
      text: slice(from, end),
      // A tag with both is counted where its links are.
      place: found.some(({ sites, script }) => sites.length > 0 && !script) ? 'markup' : 'scripts',
      sites: found.flatMap(({ attribute, sites }) => sites.map((site) => moved(site, attribute.start - from))),
      insertions: whole
        ? [...withoutIntegrity(tag!.name, attributes, scripts), ...withCredentials(tag!.name, attributes, tag!.start, xml)].map(
            ({ at, text: letters, leadsTo }) => ({ at: at - from, text: letters, leadsTo: leadsTo && moved(leadsTo, -from) }),
          )
        : [],
    };
    if (piece.sites.length === 0 && piece.insertions?.length === 0) return;
    pass(from);
    output.push(piece);
    left = end;
  };

  /** A long tag leaves up to where it is still being read; of a long value nothing is held. */
  const emitLongTag = (end: number): void => {
    if (!tag) return;
    pass(tag.start);
    if (end - left <= TAG_MAX) return;
    const { current } = tag;
    const until = current === null ? Math.max(left, end - NAME_MAX) : current.nameStart;
    const finished = tag.attributes.splice(0);
    const settled = finished.at(-1)?.end ?? left;
    emitTag(Math.max(settled, left), finished, false);
    pass(until);
    // Of a value that is too long nothing is held, nor of blanks before one.
    if (current && end - Math.max(current.start, current.nameStart) > VALUE_MAX) pass(current.start < 0 ? end - NAME_MAX : end);
  };

  /** What a page says of itself, its references resolved: `&#39;sha256-…&#39;`. */
  const readMeta = (attributes: string): void => {
    let said: Readonly<Record<string, string>> = {};
    const onopentag = (_name: string, found: typeof said): void => {
      said = found;
    };
    new Parser({ onopentag }, { xmlMode: xml }).end(`<meta${attributes}`);
    const equivalent = said['http-equiv']?.trim().toLowerCase();
    const value = said.content ?? '';
    const charset = said.charset ?? (equivalent === 'content-type' ? /charset\s*=\s*["']?([^\s;"']+)/i.exec(value)?.[1] : undefined);
    if (charset !== undefined && !readable(charset)) readOn = false;
    if (equivalent !== 'content-security-policy') return;
    const named = hashedBy(value);
    hashes = { scripts: hashes.scripts || named.scripts, styles: hashes.styles || named.styles };
  };

  const contentOf = (name: string, attributes: readonly Attribute[]): Scanner | null => {
    if (name === 'style') return hashes.styles ? null : createCssScanner(paths);
    if (name !== 'script' || !scripts) return null;
    return hashes.scripts && isProgram(attributes) ? null : createScriptScanner(!data);
  };

  const inside = (start: number, end: number): void => {
    if (!content) return;
    pass(start);
    output.push(...content.push(slice(left, end)));
    left = end;
  };

  const taken = (): Output[] => {
    const all = output;
    output = [];
    return all;
  };

  return {
    push: (part) => {
      if (!readOn) return [part];
      text += part;
      const end = base + text.length;
      tokenizer.write(part);
      if (tag) emitLongTag(end);
      else if (!content) pass(end);
      if (!readOn) pass(end);
      const keep = Math.max(base, Math.min(left, end) - NAME_MAX);
      text = text.slice(keep - base);
      base = keep;
      return taken();
    },
    end: () => {
      if (readOn) tokenizer.end();
      if (content) output.push(...content.end());
      content = null;
      pass(base + text.length);
      return taken();
    },
  };
};

const nothing = (): void => undefined;

const moved = (site: Spelt, by: number): Spelt => ({ ...site, start: site.start + by, end: site.end + by });

/** To a policy, blocks of data are no scripts. */
const isProgram = (attributes: readonly Attribute[]): boolean => {
  const type =
    attributes
      .find(({ name }) => name === 'type')
      ?.value.trim()
      .toLowerCase() ?? '';
  return type === '' || type === 'module' || type === 'importmap' || /(?:java|ecma|j|live)script/.test(type);
};

/**
 * Subresource integrity names the digest of what the application wrote. Where that may be changed on its way through us (this application's
 * and published ones' style sheets, and scripts where they are translated), it is said where no browser looks; that of a foreign server stays.
 */
const withoutIntegrity = (tag: string, attributes: readonly Found[], scripts: boolean): Insertion[] => {
  const integrity = attributes.find(({ name }) => name === 'integrity');
  if (!integrity || !(tag === 'link' || (tag === 'script' && scripts))) return [];
  const leadsTo = addressOf(attributes, tag === 'link' ? 'href' : 'src');
  return leadsTo === undefined ? [] : [{ at: integrity.nameStart, text: 'data-', leadsTo }];
};

/** A manifest is asked for without cookies unless its link says otherwise, so that a user who is signed in would seem not to be. */
const withCredentials = (tag: string, attributes: readonly Found[], at: number, xml: boolean): Insertion[] => {
  const said = (wanted: string) => attributes.find(({ name }) => name === wanted)?.value;
  const isManifest = tag === 'link' && /(?:^|\s)manifest(?:\s|$)/i.test(said('rel') ?? '');
  if (!isManifest || said('crossorigin') !== undefined) return [];
  const leadsTo = addressOf(attributes, 'href');
  const quote = xml ? '"' : '';
  return leadsTo === undefined ? [] : [{ at, text: ` crossorigin=${quote}use-credentials${quote} `, leadsTo }];
};

/** Null for one that leads to the page's own host, undefined for one that leads nowhere. */
const addressOf = (attributes: readonly Found[], wanted: string): Spelt | null | undefined => {
  const found = attributes.find(({ name }) => name === wanted);
  if (found === undefined) return undefined;
  const site = findReference(found.value, false);
  return site === null ? (isRelative(found.value) ? null : undefined) : moved(site, found.start);
};
