// The tenant file's entry for one application: what is allowed in it, and how it becomes an `Application`.
import { z } from 'zod';
import type { Application } from '../lambdas/stores/records.ts';
import { readExternalUrl, readHomePath, readInternalUrl } from './addresses.ts';
import { isMap, type LocatedFault, type Path, pathText, shown } from './faults.ts';
import { headerClaims } from './header-claims.ts';
import { accessSetting, choice, IDENTIFIER_WORDS, optional, readFlag, readIdentifier, readLine, setting } from './settings.ts';

export type { Application };

/** What an application's settings are checked against. */
export interface ApplicationContext {
  readonly domain: string;
  /** Names of the users' claims that headers may carry. */
  readonly claims: readonly string[];
}

const TIMEOUT_DEFAULT_MS = 85_000;
const TIMEOUT_LONG_MS = 180_000;
/** API Gateway streams a response for 15 minutes; a minute is left for what comes after the first byte. */
const TIMEOUT_MAX_S = 840;

const readTimeout = (value: unknown): number | undefined => {
  if (value === 'default') return TIMEOUT_DEFAULT_MS;
  if (value === 'long') return TIMEOUT_LONG_MS;
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= TIMEOUT_MAX_S ? (value as number) * 1000 : undefined;
};

export const applicationSchema = ({ domain, claims }: ApplicationContext) =>
  z.strictObject(
    {
      id: setting(IDENTIFIER_WORDS, 'Give the application an id of its own and keep it.', readIdentifier),
      name: setting('a name of 100 characters at most', 'Users see it in the portal.', readLine(100)),
      description: optional('', 'a line of 500 characters at most', 'Shorten it or leave it out.', readLine(500)),
      externalUrl: setting(
        `https://<name>.apps.${domain}/ or https://*.apps.${domain}/, a plain path allowed, no port, query or fragment`,
        `Write for example https://wiki.apps.${domain}/: the certificate covers exactly one name before .apps.${domain}.`,
        (value) => readExternalUrl(value, domain),
      ),
      internalUrl: setting(
        'an http or https URL of a named host, without credentials, query or fragment',
        'Write for example http://wiki.corp.example:8080/, as the connector reaches it.',
        readInternalUrl,
      ),
      connectorGroup: optional(
        'default',
        IDENTIFIER_WORDS,
        'Name the group whose connectors reach the application, or leave it out for "default".',
        readIdentifier,
      ),
      preAuthentication: choice(['sign-in', 'pass-through'], 'Leave it out to have users sign in before anything reaches the application.'),
      access: accessSetting.optional(),
      hostHeader: choice(['internal', 'external'], 'Leave it out to send the internal URL’s host.'),
      headers: headerClaims(claims).default({}),
      timeout: optional(
        TIMEOUT_DEFAULT_MS,
        `"default" (85 s), "long" (180 s) or whole seconds up to ${TIMEOUT_MAX_S}`,
        'It is the time to the first byte; a response may take 15 minutes in all.',
        readTimeout,
      ),
      verifyCertificate: optional(true, 'true or false', 'Leave it out to have the origin’s certificate checked.', readFlag),
      homePath: optional('', 'a path below the external URL, without a slash in front', 'Write for example start?view=all.', readHomePath),
    },
    { error: 'a map of the application’s settings' },
  );

/** The entry as the directory holds it. */
export const normalise = (entry: z.output<ReturnType<typeof applicationSchema>>): Application => {
  const { externalUrl, access, timeout, ...rest } = entry;
  return { ...rest, ...externalUrl, access: access ?? 'everyone', timeoutMs: timeout };
};

/** What is wrong between settings and between applications. Reads the raw entries, so that it finds all even where some are faulty. */
export const crossFaults = (entries: unknown, domain: string, at: Path): LocatedFault[] => {
  if (!Array.isArray(entries)) return [];
  const maps = entries.map((entry) => (isMap(entry) ? entry : {}));
  const urls = maps.map(({ externalUrl }) => {
    const address = readExternalUrl(externalUrl, domain);
    return address && `https://${address.host}${address.path}`;
  });
  const ids = maps.map(({ id }) => readIdentifier(id));
  return maps.flatMap((entry, index) => [
    ...repeated(ids, index, [...at, index, 'id'], 'an id that no other application has', 'Choose another id.'),
    ...repeated(
      urls,
      index,
      [...at, index, 'externalUrl'],
      'an external URL that no other application has',
      'Choose another name or path.',
    ),
    ...signInFaults(entry, [...at, index]),
  ]);
};

const repeated = (values: ReadonlyArray<string | undefined>, index: number, at: Path, expected: string, advice: string): LocatedFault[] => {
  const value = values[index];
  const first = values.indexOf(value);
  if (value === undefined || first === index) return [];
  const other = pathText([...at.slice(0, -2), first, at[at.length - 1]!]);
  return [{ at, path: pathText(at), expected, got: `${value}, as ${other} has`, advice }];
};

const signInFaults = ({ preAuthentication = 'sign-in', access, headers }: Record<string, unknown>, at: Path): LocatedFault[] => {
  const fault = (name: string, expected: string, value: unknown, advice: string): LocatedFault => ({
    at: [...at, name],
    path: pathText([...at, name]),
    expected,
    got: shown(value),
    advice,
  });
  if (preAuthentication === 'sign-in') {
    const advice = 'Write everyone, or name users and groups: an application is never open by omission.';
    return access === undefined ? [fault('access', 'who may use the application', access, advice)] : [];
  }
  if (preAuthentication !== 'pass-through') return [];
  const advice = 'Nobody signs in for a pass-through application: leave this out, or use sign-in.';
  return [
    ...(access === undefined ? [] : [fault('access', 'nothing beside pass-through', access, advice)]),
    ...(headers === undefined ? [] : [fault('headers', 'nothing beside pass-through', headers, advice)]),
  ];
};
