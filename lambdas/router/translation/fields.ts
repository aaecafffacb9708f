// Addresses in the header fields of an answer: where they stand in each field, and what is said in their place.
import type { HeaderList } from '../../../protocol/frames.ts';
import { refresh } from './attributes.ts';
import { replaced } from './body.ts';
import { translatePolicy } from './policy.ts';
import { findAddresses, findReference, type Spelt } from './spelling.ts';
import type { Targets } from './targets.ts';

type Find = (value: string) => readonly Spelt[];

const reference: Find = (value) => [findReference(value, true)].filter((found) => found !== null);

/** `<https://…>; rel=preload, </path>; …` (RFC 8288 §3). */
const links: Find = (value) =>
  [...value.matchAll(/<([^<>]*)>/g)].flatMap(({ 1: target = '', index }) =>
    reference(target).map((site) => ({ ...site, start: index + 1 + site.start, end: index + 1 + site.end })),
  );

const FIELDS: Readonly<Record<string, Find>> = {
  location: reference,
  'content-location': reference,
  link: links,
  refresh: (value) => refresh(value, true),
  sourcemap: reference,
  'x-sourcemap': reference,
  'x-pingback': reference,
  'service-worker-allowed': reference,
  'reporting-endpoints': findAddresses,
  'report-to': findAddresses,
};
const POLICIES: ReadonlySet<string> = new Set(['content-security-policy', 'content-security-policy-report-only']);
const ORIGINS: ReadonlySet<string> = new Set(['access-control-allow-origin', 'timing-allow-origin']);

/** The origin of a script that called, as its browser named it and as the application was told. */
export interface CallerOrigin {
  readonly external: string;
  readonly internal: string;
}

export const translateFields = async (headers: HeaderList, targets: Targets, caller: CallerOrigin | null): Promise<HeaderList> =>
  Promise.all(
    headers.map(async ([name, value]) => {
      const known = name.toLowerCase();
      const find = Object.hasOwn(FIELDS, known) ? FIELDS[known] : undefined;
      if (find) return [name, await translated(value, find(value), targets)] as const;
      if (POLICIES.has(known)) return [name, await translatePolicy(value, targets)] as const;
      if (ORIGINS.has(known)) return [name, await translateOrigins(value, targets, caller)] as const;
      return [name, value] as const;
    }),
  );

const translated = async (value: string, sites: readonly Spelt[], targets: Targets): Promise<string> => {
  await targets.learn(sites);
  return replaced({ text: value, sites }, targets);
};

/** Origins have no path: the one that called is known; of others, the first that is published there. */
const translateOrigins = async (value: string, targets: Targets, caller: CallerOrigin | null): Promise<string> => {
  const origins = value.split(',').map((origin) => origin.trim());
  const translated = origins.map(async (origin) => {
    if (origin === caller?.internal) return caller.external;
    const site = findReference(origin, false);
    if (!site?.authority || !/^https?$/.test(site.scheme) || site.end !== origin.length) return origin;
    await targets.learn([site]);
    return targets.origins(site.authority)[0] ?? origin;
  });
  return (await Promise.all(translated)).join(', ');
};
