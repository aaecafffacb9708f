// What the router tells of hard-coded links (`links.found` in its log), and the sum of many such lines: for the administrator who decides
// whether to have them translated.

/** Scripts are apart, because they are translated by a setting of their own. */
export type LinkPlace = 'markup' | 'styles' | 'scripts';

export interface LinkTarget {
  /** As `http://wiki.corp:8080`; of a link without a scheme, `//wiki.corp`. */
  readonly target: string;
  /** The application that is published there; null for none. */
  readonly published: string | null;
  readonly count: number;
  readonly places: Readonly<Partial<Record<LinkPlace, number>>>;
  readonly examples: readonly string[];
}

export interface LinkSummary extends LinkTarget {
  /** Some of the pages that have them, without queries. */
  readonly pages: readonly string[];
}

export const LINK_TARGETS_MAX = 100;
const PAGES_MAX = 5;
const EXAMPLES_MAX = 3;

/** Most links first. What is published is told as the later one has it. */
export const addLinks = (before: readonly LinkSummary[], more: readonly LinkSummary[]): LinkSummary[] => {
  const sums = new Map(before.map((summary) => [summary.target, summary]));
  for (const found of more) {
    const known = sums.get(found.target);
    if (known === undefined && sums.size >= LINK_TARGETS_MAX) continue;
    sums.set(found.target, known === undefined ? found : together(known, found));
  }
  return [...sums.values()].sort((one, other) => other.count - one.count);
};

const together = (one: LinkSummary, other: LinkSummary): LinkSummary => {
  const count = (place: LinkPlace): number => (one.places[place] ?? 0) + (other.places[place] ?? 0);
  const places = (['markup', 'styles', 'scripts'] as const).filter((place) => count(place) > 0);
  return {
    target: one.target,
    published: other.published,
    count: one.count + other.count,
    places: Object.fromEntries(places.map((place) => [place, count(place)])),
    examples: some(EXAMPLES_MAX, one.examples, other.examples),
    pages: some(PAGES_MAX, one.pages, other.pages),
  };
};

const some = (most: number, ...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].slice(0, most);
