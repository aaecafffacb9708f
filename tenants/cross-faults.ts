// What is wrong between the settings of an application and between applications. Reads the raw entries, so that it finds all of it
// even where some entries are faulty.

import { isWildcard, readAlternateUrl, readExternalUrl, readInternalUrl, withoutWildcard } from './addresses.ts';
import type { ApplicationContext } from './application.ts';
import { audienceOf } from './assertion-formats.ts';
import { isMap, type LocatedFault, type Path, pathText, shown, valueAt } from './faults.ts';
import { straySettings } from './saml.ts';
import { readIdentifier } from './settings.ts';

type Context = Pick<ApplicationContext, 'domain' | 'portalHost' | 'alternateHosts'>;
type Entry = Readonly<Record<string, unknown>>;

/** One external URL and the internal URL that it stands for, as far as they can be read. */
interface Published {
  /** The index of its application. */
  readonly owner: number;
  /** Of the application or segment that names both. */
  readonly at: Path;
  readonly host: string;
  readonly path: string;
  readonly internal: URL | null;
}

export const crossFaults = (entries: unknown, context: Context, at: Path): LocatedFault[] => {
  if (!Array.isArray(entries)) return [];
  const maps: readonly Entry[] = entries.map((entry) => (isMap(entry) ? entry : {}));
  const ids = maps.map(({ id }) => readIdentifier(id));
  // Thousands of applications are compared: each with what it could clash with, never with all.
  const byEntry = maps.map((entry, index) => publishedBy(entry, index, context, [...at, index]));
  const published = byEntry.flat();
  const wildcards = wildcardsOf(published);
  const known = new Set(ids);
  const hosts = new Set(published.map(({ host }) => host));
  const alternates = maps.map(({ alternateUrl }) => readAlternateUrl(alternateUrl, context.domain));
  return [
    ...repeated(ids, (index) => [...at, index, 'id'], 'an id that no other application has', 'Choose another id.'),
    ...repeated(
      published.map(({ host, path }) => `https://${host}${path}`),
      (index) => [...published[index]!.at, 'externalUrl'],
      'an external URL that no other application has',
      'Choose another name or path.',
    ),
    ...repeated(
      alternates,
      (index) => [...at, index, 'alternateUrl'],
      'an alternate URL that no other application has',
      'Choose another host.',
    ),
    ...repeated(
      maps.map((entry) => audienceIn(entry, context)),
      (index) => [...at, index, 'singleSignOn', 'audience'],
      'an audience that no other application has',
      'With one audience, what is said to one application would be believed by the other.',
    ),
    ...repeated(
      maps.map(({ singleSignOn }) =>
        isMap(singleSignOn) && singleSignOn.method === 'saml' && typeof singleSignOn.entityId === 'string'
          ? singleSignOn.entityId
          : undefined,
      ),
      (index) => [...at, index, 'singleSignOn', 'entityId'],
      'an entity id that no other application has',
      'With one entity id, what is said to one application would be believed by the other.',
    ),
    ...maps.flatMap((entry, index) =>
      samlFaults(entry, hostsOf(entry, byEntry[index]!, alternates[index]), [...at, index, 'singleSignOn']),
    ),
    ...published.flatMap((one) => [...wildcardFaults(one), ...coveredFaults(one, wildcards, hosts, context.domain)]),
    ...maps.flatMap((entry, index) => [
      ...alternateFaults(entry, alternates[index], context, [...at, index]),
      ...callFaults(entry, known, context, [...at, index]),
      ...corsFaults(entry, [...at, index]),
      ...signInFaults(entry, [...at, index]),
    ]),
  ];
};

/** For whom assertions and tokens of the application are; undefined where there are none. */
const audienceIn = ({ singleSignOn, externalUrl }: Entry, { domain }: Context): string | undefined => {
  if (!isMap(singleSignOn)) return undefined;
  if (singleSignOn.method === 'token' && typeof singleSignOn.audience === 'string') return singleSignOn.audience;
  if (singleSignOn.method !== 'assertion') return undefined;
  const address = readExternalUrl(externalUrl, domain);
  const { audience, format } = singleSignOn;
  if (typeof audience === 'string') return audience;
  return address && audienceOf(format, address);
};

type Place = Pick<Published, 'host' | 'path'>;

const hostsOf = ({ alternateUrl }: Entry, own: readonly Place[], host: string | undefined): readonly Place[] =>
  alternateUrl === undefined || host === undefined ? own : [...own, ...own.slice(0, 1).map(({ path }) => ({ host, path }))];

const samlFaults = ({ singleSignOn }: Entry, own: readonly Place[], at: Path): LocatedFault[] =>
  straySettings(singleSignOn, own).map((setting) =>
    fault(
      [...at, ...setting],
      'an address at an external URL of this application',
      valueAt(singleSignOn, setting),
      'Who users are is told to this application alone: write where it is published.',
    ),
  );

const publishedBy = (entry: Entry, owner: number, { domain }: Context, at: Path): Published[] => {
  const segments = Array.isArray(entry.segments) ? entry.segments : [];
  const places: (readonly [Path, unknown])[] = [
    [at, entry],
    ...segments.map((segment, index) => [[...at, 'segments', index], segment] as const),
  ];
  return places.flatMap(([place, urls]) => {
    const { externalUrl, internalUrl } = isMap(urls) ? urls : {};
    const address = readExternalUrl(externalUrl, domain);
    const internal = readInternalUrl(internalUrl);
    return address ? [{ owner, at: place, ...address, internal: internal === undefined ? null : new URL(internal) }] : [];
  });
};

const repeated = (
  values: ReadonlyArray<string | undefined>,
  at: (index: number) => Path,
  expected: string,
  advice: string,
): LocatedFault[] => {
  const firsts = new Map<string, number>();
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, index);
      return [];
    }
    return [{ at: at(index), path: pathText(at(index)), expected, got: `${value}, as ${pathText(at(first))} has`, advice }];
  });
};

/** `*` of the internal URL is the label that the user asked for, so there must be one. */
const wildcardFaults = ({ at, host, internal }: Published): LocatedFault[] =>
  internal !== null && isWildcard(internal.hostname) && !isWildcard(host)
    ? [
        fault(
          [...at, 'internalUrl'],
          'a host without *, as the external URL has none',
          internal.href,
          'Write https://*.apps.… as the external URL, or name the host.',
        ),
      ]
    : [];

/**
 * An origin that has an entry of its own must not be reached under the rules of another application's wildcard: the wildcard leaves out
 * the names that have entries, so this one needs its own name.
 */
const coveredFaults = (
  { owner, at, internal }: Published,
  wildcards: ReadonlyMap<string, readonly Published[]>,
  hosts: ReadonlySet<string>,
  domain: string,
): LocatedFault[] => {
  if (internal === null || isWildcard(internal.hostname)) return [];
  const label = internal.hostname.slice(0, internal.hostname.indexOf('.'));
  const external = `${label}.apps.${domain}`;
  const wildcard = wildcards.get(sphereOf(internal, internal.hostname.slice(label.length + 1)))?.find((other) => other.owner !== owner);
  if (!wildcard || hosts.has(external)) return [];
  return [
    fault(
      [...at, 'internalUrl'],
      `an origin that no other application reaches by a wildcard, or an entry at https://${external}/`,
      internal.href,
      `${pathText(wildcard.at)} would show it at https://${external}/ under its own rules: publish it at that name.`,
    ),
  ];
};

/** Those with a wildcard inside, by the origins that each stands for. */
const wildcardsOf = (published: readonly Published[]): ReadonlyMap<string, readonly Published[]> => {
  const found = new Map<string, Published[]>();
  for (const one of published) {
    if (one.internal === null || !isWildcard(one.internal.hostname)) continue;
    const sphere = sphereOf(one.internal, withoutWildcard(one.internal.hostname));
    const same = found.get(sphere);
    if (same) same.push(one);
    else found.set(sphere, [one]);
  }
  return found;
};

const sphereOf = ({ protocol, port }: URL, parent: string): string => `${protocol}//*.${parent}:${port}`;

const alternateFaults = (entry: Entry, host: string | undefined, { portalHost, alternateHosts }: Context, at: Path): LocatedFault[] => {
  if (host === undefined) return [];
  const place = [...at, 'alternateUrl'];
  const internal = readInternalUrl(entry.internalUrl);
  return [
    ...(host === portalHost ? [fault(place, 'another host than the portal’s', entry.alternateUrl, 'Choose another host.')] : []),
    ...(internal !== undefined && isWildcard(new URL(internal).hostname)
      ? [
          fault(
            place,
            'nothing beside an internal URL with *',
            entry.alternateUrl,
            'It would not say which host is meant: leave it out, or name the internal host.',
          ),
        ]
      : []),
    ...(alternateHosts !== undefined && !alternateHosts.includes(host)
      ? [
          fault(
            place,
            `a host that is deployed (${alternateHosts.join(', ') || 'there is none'})`,
            entry.alternateUrl,
            'A new alternate URL needs a custom domain name and a DNS record: run `npx cdk deploy` with this file.',
          ),
        ]
      : []),
  ];
};

const callFaults = ({ calls, externalUrl }: Entry, ids: ReadonlySet<string | undefined>, { domain }: Context, at: Path): LocatedFault[] => {
  const called = Array.isArray(calls) ? calls : [];
  if (called.length > 0 && isWildcard(readExternalUrl(externalUrl, domain)?.host ?? '')) {
    const advice = 'It would be said of every name below it: give the one that calls an entry of its own.';
    return [fault([...at, 'calls'], 'nothing beside an external URL with *', calls, advice)];
  }
  return called.flatMap((id, index) =>
    readIdentifier(id) === undefined || ids.has(id)
      ? []
      : [fault([...at, 'calls', index], 'the id of an application', id, 'Name an application of this file.')],
  );
};

/** One rule decides on an origin and a path. */
const corsFaults = ({ cors }: Entry, at: Path): LocatedFault[] => {
  const seen = new Set<string>();
  return (Array.isArray(cors) ? cors : []).flatMap((rule, index) => {
    const { path = '/', origins } = isMap(rule) ? rule : {};
    const listed: readonly unknown[] = Array.isArray(origins) ? origins : [];
    return listed.flatMap((origin, place) => {
      const key = `${path} ${origin}`;
      if (!seen.has(key) || listed.indexOf(origin) < place) {
        seen.add(key);
        return [];
      }
      const advice = 'Put the methods and headers of both into one rule.';
      return [fault([...at, 'cors', index, 'origins', place], 'an origin that no other rule has for this path', origin, advice)];
    });
  });
};

const signInFaults = ({ preAuthentication = 'sign-in', access, singleSignOn }: Entry, at: Path): LocatedFault[] => {
  if (preAuthentication === 'sign-in') {
    const advice = 'Write everyone, or name users and groups: an application is never open by omission.';
    return access === undefined ? [fault([...at, 'access'], 'who may use the application', access, advice)] : [];
  }
  if (preAuthentication !== 'pass-through') return [];
  const advice = 'Nobody signs in for a pass-through application: leave this out, or use sign-in.';
  return [
    ...(access === undefined ? [] : [fault([...at, 'access'], 'nothing beside pass-through', access, advice)]),
    ...(singleSignOn === undefined ? [] : [fault([...at, 'singleSignOn'], 'nothing beside pass-through', singleSignOn, advice)]),
  ];
};

const fault = (at: Path, expected: string, value: unknown, advice: string): LocatedFault => ({
  at,
  path: pathText(at),
  expected,
  got: shown(value),
  advice,
});
