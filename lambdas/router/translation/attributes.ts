// Which attributes hold addresses, and in what form. Entra's list (by element) is within this one (by name, on any element), and a
// test compares them.
import { scanStyle } from './css.ts';
import { findAddresses, findReference, quotedEnd, type Spelt } from './spelling.ts';

/** One URL. */
const REFERENCE: ReadonlySet<string> = new Set([
  'action',
  'background',
  'cite',
  'codebase',
  'data',
  'data-background',
  'data-src',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'manifest',
  'poster',
  'profile',
  'src',
  'xlink:href',
  'xml:base',
]);
/** Several, between blanks or commas; `srcset` has a width behind each. */
const REFERENCES: ReadonlySet<string> = new Set(['archive', 'imagesrcset', 'ping', 'srcset']);
const STYLES: ReadonlySet<string> = new Set(['style', 'data-style']);
/** Inputs whose value only the page itself shows. What a form sends back is the application's, and stays as it wrote it. */
const VALUE_IS_SHOWN: ReadonlySet<string> = new Set(['button', 'image', 'reset', 'submit']);

export interface AttributeOptions {
  /** Whether paths without a host may have to be moved. */
  readonly paths: boolean;
  /** Whether addresses within scripts are translated. */
  readonly scripts: boolean;
  /** Whether those in data are. */
  readonly data: boolean;
  /** False where the page's policy names the digests of its handlers and style attributes: changed, they would not be applied. */
  readonly handlers: boolean;
  readonly styles: boolean;
}

export interface Attribute {
  readonly name: string;
  readonly value: string;
}

/** Whether an attribute may hold an address at all. */
export const holdsAddresses = (tag: string, name: string): boolean =>
  REFERENCE.has(name) ||
  REFERENCES.has(name) ||
  STYLES.has(name) ||
  name === 'srcdoc' ||
  name.startsWith('on') ||
  name.startsWith('data-') ||
  (name === 'content' && tag === 'meta') ||
  (name === 'value' && tag === 'input');

/** The addresses in an attribute's value as it is written, and whether a script reads it. */
export const scanAttribute = (
  tag: string,
  { name, value }: Attribute,
  others: readonly Attribute[],
  options: AttributeOptions,
): { readonly sites: readonly Spelt[]; readonly script: boolean } => {
  const { paths } = options;
  if (REFERENCE.has(name))
    return /^[\0-\x20]*javascript:/i.test(value) ? script(value, options.scripts && options.handlers) : markup(single(value, paths));
  if (REFERENCES.has(name)) return markup(several(value, paths));
  if (STYLES.has(name)) return markup(options.styles ? scanStyle(value, paths) : []);
  if (name === 'srcdoc') return markup(findAddresses(value));
  if (name === 'content' && tag === 'meta') return markup(refresh(value, paths));
  if (name === 'value' && tag === 'input') return markup(isShown(others) ? single(value, paths) : []);
  if (name.startsWith('on')) return script(value, options.scripts && options.handlers);
  return script(value, options.scripts && name.startsWith('data-'), options.data ? undefined : isSetting);
};

const markup = (sites: readonly Spelt[]) => ({ sites, script: false });
const script = (value: string, wanted: boolean, keep: (text: string, site: Spelt) => boolean = () => true) => ({
  sites: wanted ? findAddresses(value).filter((site) => keep(value, site)) : [],
  script: true,
});

/** All of a value, or of a string of one in JSON: what people have written holds more. */
const isSetting = (value: string, site: Spelt): boolean => {
  const end = quotedEnd(value, site);
  if (site.start === 0) return end === value.length;
  const quote = /[:,[]\s*("|&(?:quot|#0?34);)$/.exec(value.slice(Math.max(0, site.start - 32), site.start))?.[1];
  return /^\s*[{[]/.test(value) && quote !== undefined && value.startsWith(quote, end);
};

const single = (value: string, paths: boolean): readonly Spelt[] => {
  const found = findReference(value, paths);
  return found ? [found] : [];
};

const several = (value: string, paths: boolean): readonly Spelt[] =>
  [...value.matchAll(/[^\s,][^\s]*/g)].flatMap(({ 0: item, index }) =>
    single(item, paths).map((site) => ({ ...site, start: index + site.start, end: index + site.end })),
  );

/** `5; url=/x` (HTML §4.2.5.3), or any text with addresses in it. Also for the header field Refresh. */
export const refresh = (value: string, paths: boolean): readonly Spelt[] => {
  const [lead] = /^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?(?:["']|&quot;|&#3[49];)?/i.exec(value) ?? [];
  const path = lead === undefined ? null : findReference(value.slice(lead.length), paths);
  if (lead === undefined || path === null) return findAddresses(value);
  const site = { ...path, start: lead.length + path.start, end: lead.length + path.end };
  return path.authority === null ? [site] : [site, ...findAddresses(value).filter(({ start }) => start >= site.end)];
};

const isShown = (attributes: readonly Attribute[]): boolean =>
  attributes.some(
    ({ name, value }) => name === 'readonly' || name === 'disabled' || (name === 'type' && VALUE_IS_SHOWN.has(value.trim().toLowerCase())),
  );
