// What hard-coded links an answer holds, for the administrator who decides whether to have them translated: one log line for each
// exchange that held any. Bounded, and without queries: these may hold secrets.
import type { LinkPlace, LinkTarget } from '../../../protocol/link-report.ts';
import type { Spelt } from './spelling.ts';

export interface LinkReport {
  add(text: string, site: Spelt, place: LinkPlace, published: string | null): void;
  /** Most frequent first. */
  targets(): LinkTarget[];
}

const TARGETS_MAX = 20;
const EXAMPLES_MAX = 3;
const EXAMPLE_MAX_CHARACTERS = 120;
/** Names that only a private network gives: one label, or a suffix that is reserved or customary for them (RFC 6761, 6762, 8375, 9476). */
const PRIVATE_NAME = /^[^.]+$|\.(?:alt|corp|home|home\.arpa|internal|intra|intranet|lan|local|localdomain|private|test)$/;
const PRIVATE_ADDRESS = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;

/** `near`: the application's own internal hosts. What is published nowhere is told only where it looks internal. */
export const createLinkReport = (near: readonly string[]): LinkReport => {
  const found = new Map<
    string,
    { target: string; published: string | null; count: number; places: Partial<Record<LinkPlace, number>>; examples: string[] }
  >();
  const domains = near.map((host) => host.slice(host.indexOf('.') + 1)).filter((domain) => domain.includes('.'));
  const isInternal = (host: string): boolean =>
    PRIVATE_NAME.test(host) || PRIVATE_ADDRESS.test(host) || near.includes(host) || domains.some((domain) => host.endsWith(`.${domain}`));

  return {
    add: (text, site, place, published) => {
      if (site.authority === null || (published === null && !isInternal(site.authority.replace(/:\d+$/, '')))) return;
      const target = `${site.scheme}${site.scheme && ':'}//${site.authority}`;
      let entry = found.get(target);
      if (!entry) {
        if (found.size >= TARGETS_MAX) return;
        entry = { target, published, count: 0, places: {}, examples: [] };
        found.set(target, entry);
      }
      entry.published ??= published;
      entry.count += 1;
      entry.places[place] = (entry.places[place] ?? 0) + 1;
      const example = text
        .slice(site.start)
        .match(/^[^\s"'<>\x60?#]*/)![0]
        .slice(0, EXAMPLE_MAX_CHARACTERS);
      if (entry.examples.length < EXAMPLES_MAX && !entry.examples.includes(example)) entry.examples.push(example);
    },
    targets: () => [...found.values()].sort((one, other) => other.count - one.count),
  };
};
