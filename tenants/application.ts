// The tenant file's entry for one application: what is allowed in it, and how it becomes an `Application`.
import { z } from 'zod';
import type { Application } from '../lambdas/stores/records.ts';
import { ORIGIN_IDLE_MAX_MS, ORIGIN_TIMEOUT_MAX_MS } from '../protocol/limits.ts';
import { readAlternateUrl, readExternalUrl, readHomePath, readInternalUrl } from './addresses.ts';
import { conditionList } from './conditions.ts';
import { corsRules } from './cors.ts';
import { expectationList, unmetExpectations } from './expectations.ts';
import type { LocatedFault, Path } from './faults.ts';
import { formRules } from './forms-from.ts';
import { ICON_WORDS, readIcon } from './icon.ts';
import { INTERNAL_URL_ADVICE, INTERNAL_URL_WORDS, segmentList } from './segments.ts';
import {
  accessSetting,
  choice,
  folder,
  IDENTIFIER_WORDS,
  NOTHING_SAID,
  optional,
  readFlag,
  readIdentifier,
  readLine,
  readSeconds,
  setting,
} from './settings.ts';
import { normaliseSingleSignOn, singleSignOn } from './single-sign-on.ts';

export type { Application };

import { tokenPolicy } from './tokens.ts';

/** What an application's settings are checked against. */
export interface ApplicationContext {
  readonly domain: string;
  readonly portalHost: string;
  /** The alternate hosts that the deployment serves; left out where a deployment is what the file is read for. */
  readonly alternateHosts?: readonly string[];
  /** Names of the users' claims that single sign-on may tell. */
  readonly claims: readonly string[];
  /** Seconds that the CDN in front waits for an origin; left out where none says so. */
  readonly readTimeout?: number | null;
}

const TIMEOUT_DEFAULT_MS = 85_000;
const TIMEOUT_LONG_MS = 180_000;
const TIMEOUT_MAX_S = ORIGIN_TIMEOUT_MAX_MS / 1000;
const IDLE_TIMEOUT_MAX_S = ORIGIN_IDLE_MAX_MS / 1000;
const CALLS_MAX = 20;
const FRAMERS_MAX = 20;
const FRAMER = /^https?:\/\/(?:(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost)(?::\d{1,5})?$/;

const readWhole =
  (max: number) =>
  (value: unknown): number | undefined =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max ? (value as number) * 1000 : undefined;

/** What a CDN in front does not wait for cannot be promised: it bounds both timeouts, and their defaults with them. */
const timeouts = (readTimeout: number | null) => {
  const edge = readTimeout ?? Number.POSITIVE_INFINITY;
  const [max, idleMax] = [Math.min(TIMEOUT_MAX_S, edge), Math.min(IDLE_TIMEOUT_MAX_S, edge)];
  const otherwise = Math.min(TIMEOUT_DEFAULT_MS, max * 1000);
  const long = TIMEOUT_LONG_MS <= max * 1000 ? TIMEOUT_LONG_MS : undefined;
  const bound = readTimeout === null ? '' : ' (edge.readTimeout)';
  const readTime = (value: unknown): number | undefined =>
    value === 'default' ? otherwise : value === 'long' ? long : readWhole(max)(value);
  return {
    timeout: optional(
      otherwise,
      `"default" (${otherwise / 1000} s)${long === undefined ? '' : ', "long" (180 s)'} or whole seconds up to ${max}${max === edge ? bound : ''}`,
      'It is the time to the first byte; a response may take 15 minutes in all.',
      readTime,
    ),
    idleTimeout: optional(
      idleMax * 1000,
      `whole seconds up to ${idleMax}${idleMax === edge ? bound : ''}`,
      'It is how long a response may be silent once it has begun.',
      readWhole(idleMax),
    ),
  };
};

const readIdentifiers = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.length <= CALLS_MAX && value.every((id) => readIdentifier(id) !== undefined)
    ? [...new Set(value)]
    : undefined;

/** What CSP's frame-ancestors takes, and no character that could say more there. */
const readFramers = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.length <= FRAMERS_MAX && value.every((origin) => typeof origin === 'string' && FRAMER.test(origin))
    ? [...new Set(value)]
    : undefined;

/** Null: none. Empty: with a text of our own. */
const readMaintenance = (value: unknown): string | null | undefined => {
  if (value === false) return null;
  return value === true ? '' : readLine(500)(value);
};

/** What the portal's link and cookies of an application may be told to be; null leaves it to the application. */
const SAME_SITE = ['strict', 'lax', 'none'] as const;
const readSameSite = (value: unknown) => SAME_SITE.find((word) => word === value);

const translation = z
  .strictObject(
    {
      headers: optional(true, 'true or false', 'Leave it out to have addresses in headers and cookies translated.', readFlag),
      links: choice(['off', 'report', 'on'], 'Begin with report: it changes nothing, and tells which links would be translated.'),
      scripts: optional<boolean | 'without-data'>(
        false,
        'true, false or "without-data"',
        'It also translates addresses within JSON and JavaScript, or only where pages do not send them back; it needs links: on.',
        (value) => (value === 'without-data' ? value : readFlag(value)),
      ),
    },
    { error: 'a map with headers, links and scripts' },
  )
  .prefault(NOTHING_SAID);

const cookies = z
  .strictObject(
    {
      secure: optional(false, 'true or false', 'true adds Secure to the application’s cookies.', readFlag),
      httpOnly: optional(false, 'true or false', 'true adds HttpOnly to the application’s cookies.', readFlag),
      sameSite: optional<(typeof SAME_SITE)[number] | null>(
        null,
        SAME_SITE.map((word) => `"${word}"`).join(' or '),
        'Leave it out to keep what the application says.',
        readSameSite,
      ),
    },
    { error: 'a map with secure, httpOnly and sameSite' },
  )
  .prefault(NOTHING_SAID);

/** How long a WebSocket may be open, and without a message. */
const webSockets = z.preprocess(
  (value) => (typeof value === 'string' ? { pages: value } : value),
  z
    .strictObject(
      {
        pages: choice(['auto', 'on', 'off'], 'Leave it out to have pages that name WebSocket carry them.'),
        maxAge: optional(12 * 3600, 'a time from 1m to 7d, such as 12h', 'A WebSocket ends at this age.', readSeconds(60, 604_800)),
        idle: optional(
          3600,
          'a time from 1m to 7d, such as 1h',
          'A WebSocket without a message for so long ends.',
          readSeconds(60, 604_800),
        ),
      },
      { error: '"auto", "on", "off", or a map with pages, maxAge and idle' },
    )
    .prefault(NOTHING_SAID),
);

export const applicationSchema = ({ domain, claims, readTimeout = null }: Pick<ApplicationContext, 'domain' | 'claims' | 'readTimeout'>) =>
  z.strictObject(
    {
      id: setting(IDENTIFIER_WORDS, 'Give the application an id of its own and keep it.', readIdentifier),
      name: setting('a name of 100 characters at most', 'Users see it in the portal.', readLine(100)),
      description: optional('', 'a line of 500 characters at most', 'Shorten it or leave it out.', readLine(500)),
      icon: optional<string | null>(null, ICON_WORDS, 'Leave it out for the first letters of the name.', readIcon),
      visibleTo: choice(
        ['assigned', 'everyone', 'nobody'],
        'Leave it out to have the portal list it for those who may use it; everyone else reads that they have no access.',
      ),
      externalUrl: folder(
        `https://<name>.apps.${domain}/ or https://*.apps.${domain}/, a plain path allowed, no port, query or fragment`,
        `Write for example https://wiki.apps.${domain}/: the certificate covers exactly one name before .apps.${domain}.`,
        (value) => readExternalUrl(value, domain),
      ),
      internalUrl: folder(INTERNAL_URL_WORDS, INTERNAL_URL_ADVICE, readInternalUrl),
      segments: segmentList(domain),
      alternateUrl: optional<string | null>(
        null,
        `https://<host>/ of ${domain}, not below apps.${domain}, without path, port, query or fragment`,
        'It is a second name for the application, for example in front of several regions; deploy after adding one.',
        (value) => readAlternateUrl(value, domain),
      ),
      connectorGroup: optional(
        'default',
        IDENTIFIER_WORDS,
        'Name the group whose connectors reach the application, or leave it out for "default".',
        readIdentifier,
      ),
      preAuthentication: choice(['sign-in', 'pass-through'], 'Leave it out to have users sign in before anything reaches the application.'),
      access: accessSetting.optional(),
      conditions: conditionList(claims),
      expectations: expectationList,
      tokens: tokenPolicy.optional(),
      hostHeader: choice(['internal', 'external'], 'Leave it out to send the internal URL’s host.'),
      singleSignOn: singleSignOn(claims),
      ...timeouts(readTimeout),
      webSockets,
      verifyCertificate: optional(true, 'true or false', 'Leave it out to have the origin’s certificate checked.', readFlag),
      homePath: optional('', 'a path below the external URL, without a slash in front', 'Write for example start?view=all.', readHomePath),
      translation,
      cookies,
      cors: corsRules,
      calls: optional<readonly string[]>(
        [],
        `a list of application ids, ${CALLS_MAX} at most`,
        'Name the applications that pages of this one call by script, or leave it out.',
        readIdentifiers,
      ),
      framedBy: optional<readonly string[]>(
        [],
        'a list of origins, a host may begin with *.',
        'Write for example [https://teams.microsoft.com, https://*.cloud.microsoft]: no path, no final slash.',
        readFramers,
      ),
      crossOriginRequests: choice(['refuse', 'allow'], 'allow leaves it to the application what pages of other origins may send it.'),
      formsFrom: formRules,
      bigUploads: choice(['off', 'on'], 'on lets pages and programs send more than 4.4 MB, in parts.'),
      signInAgain: choice(
        ['offer', 'at-once', 'off'],
        'Leave it out to have pages that are open offer to sign in again when the session has ended.',
      ),
      robots: choice(['deny', 'application'], 'Leave it out to have crawlers turned away.'),
      maintenance: optional<string | null>(
        null,
        'true, false, or a line of 500 characters at most',
        'Write for example "Back on Monday at 8": users read it while the application is not to be used.',
        readMaintenance,
      ),
    },
    { error: 'a map of the application’s settings' },
  );

/** The entry as the directory holds it. */
export const normalise = (entry: z.output<ReturnType<typeof applicationSchema>>): Application => {
  const { externalUrl, alternateUrl, access, timeout, idleTimeout, webSockets: sockets, expectations: _tried, ...rest } = entry;
  return {
    ...rest,
    ...externalUrl,
    alternateHost: alternateUrl,
    access: access ?? 'everyone',
    tokens: entry.tokens ?? null,
    singleSignOn: normaliseSingleSignOn(entry.singleSignOn, { ...externalUrl, internalUrl: entry.internalUrl }),
    timeoutMs: timeout,
    idleTimeoutMs: idleTimeout,
    webSockets: { pages: sockets.pages, maxAgeMs: sockets.maxAge * 1000, idleMs: sockets.idle * 1000 },
  };
};

type ApplicationEntry = z.output<ReturnType<typeof applicationSchema>>;

/** What the policies decide otherwise than their own test cases say. */
export const expectationFaults = (entries: readonly ApplicationEntry[], at: Path): LocatedFault[] =>
  entries.flatMap((entry, index) => unmetExpectations(normalise(entry), entry.expectations, [...at, index, 'expectations']));
