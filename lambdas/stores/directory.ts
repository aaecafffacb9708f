// Published applications in DynamoDB: `host#<host>`/`<path>`, so that one query finds all that a request's host may mean.
import { isDeepStrictEqual } from 'node:util';
import { SallyportError } from '../../protocol/errors.ts';
import {
  count,
  filled,
  flag,
  isMap,
  listOf,
  oneOf,
  type RecordShape,
  readRecord,
  shaped,
  text,
  textByName,
  textOrNull,
  texts,
} from './record-shape.ts';
import type {
  Access,
  Address,
  Application,
  CookiePolicy,
  CorsRule,
  Directory,
  KerberosSignOn,
  LinkedSignOn,
  SingleSignOn,
  Translation,
} from './records.ts';
import type { Item, Key, Table } from './table.ts';

const named = shaped<Exclude<Access, string>>({ users: texts, groups: texts });
const access = (value: unknown): value is Access => value === 'everyone' || (isMap(value) && named(value));

/** What each method of single sign-on has beside `headers`. */
const METHODS: Readonly<Record<SingleSignOn['method'], (value: unknown) => boolean>> = {
  none: isMap,
  headers: isMap,
  linked: shaped<LinkedSignOn>({ method: oneOf('linked'), url: filled }),
  kerberos: shaped<KerberosSignOn>({
    method: oneOf('kerberos'),
    servicePrincipalName: filled,
    identity: filled,
    sendOn: oneOf('request', 'challenge'),
    mutualAuthentication: oneOf('checked', 'required'),
  }),
};
const singleSignOn = (value: unknown): value is SingleSignOn =>
  isMap(value) && textByName(value.headers) && Object.hasOwn(METHODS, String(value.method)) && METHODS[value.method as 'none'](value);

const APPLICATION: RecordShape<Application> = {
  id: filled,
  name: filled,
  description: text,
  host: filled,
  path: filled,
  internalUrl: filled,
  connectorGroup: filled,
  preAuthentication: oneOf('sign-in', 'pass-through'),
  access,
  hostHeader: oneOf('internal', 'external'),
  singleSignOn,
  segments: listOf(shaped<Address>({ host: filled, path: filled, internalUrl: filled })),
  alternateHost: textOrNull,
  timeoutMs: count,
  idleTimeoutMs: count,
  verifyCertificate: flag,
  homePath: text,
  translation: shaped<Translation>({ headers: flag, links: oneOf('off', 'report', 'on'), scripts: flag }),
  cookies: shaped<CookiePolicy>({ secure: flag, httpOnly: flag, sameSite: oneOf('strict', 'lax', 'none', null) }),
  cors: listOf(shaped<CorsRule>({ path: filled, origins: texts, methods: texts, headers: texts, credentials: flag, maxAgeSeconds: count })),
  calls: texts,
  robots: oneOf('deny', 'application'),
  maintenance: textOrNull,
};

/** What an item means that was written before there were these fields. */
const BEFORE: Partial<Application> = {
  segments: [],
  alternateHost: null,
  idleTimeoutMs: 290_000,
  translation: { headers: true, links: 'off', scripts: false },
  cookies: { secure: false, httpOnly: false, sameSite: null },
  cors: [],
  calls: [],
  robots: 'deny',
  maintenance: null,
};

/** Headers were once a setting of their own: name → claim. */
const formerly = ({ headers = {} }: Item): SingleSignOn | undefined => {
  if (!textByName(headers)) return undefined;
  const told = Object.entries(headers).map(([name, claim]) => [name, `{${claim}}`]);
  return { method: told.length > 0 ? 'headers' : 'none', headers: Object.fromEntries(told) };
};

const hostKey = (host: string): string => `host#${host}`;
const keyOf = ({ host, path }: Pick<Application, 'host' | 'path'>): Key => ({ pk: hostKey(host), sk: path });
const nameOf = ({ pk, sk }: { readonly pk?: unknown; readonly sk?: unknown }): string => `${String(pk)} ${String(sk)}`;

export const createDirectory = ({ table }: { readonly table: Table }): Directory => {
  const read = (item: Item): Application => readRecord(table.name, { ...BEFORE, singleSignOn: formerly(item), ...item }, APPLICATION);

  return {
    applicationsOn: async (host) => (await table.query(hostKey(host))).map(read),

    applications: async () => (await table.scan()).map(read),

    replace: async (applications) => {
      const wanted = new Map(applications.map((application) => [nameOf(keyOf(application)), application]));
      if (wanted.size < applications.length) {
        throw new SallyportError('ERR_CONFIGURATION_INVALID', 'Two applications have one external URL. Nothing was written.');
      }
      const held = new Map((await table.scan()).map((item) => [nameOf(item), item]));

      // What is new comes before what goes: an application that moves is never away.
      const changed = applications.filter((application) => !isDeepStrictEqual(fieldsOf(held.get(nameOf(keyOf(application)))), application));
      await Promise.all(changed.map((application) => table.put({ ...keyOf(application), ...application })));
      const gone = [...held].filter(([name]) => !wanted.has(name)).map(([, item]) => item);
      await Promise.all(gone.map(({ pk, sk }) => table.take({ pk: String(pk), sk: String(sk) })));

      const ids = new Set(applications.map(({ id }) => id));
      return {
        written: changed.map(({ id }) => id).sort(),
        removed: [...new Set(gone.map(({ id }) => String(id)))].filter((id) => !ids.has(id)).sort(),
      };
    },
  };
};

/** An item without its keys, to compare; malformed ones differ from every application and are overwritten. */
const fieldsOf = (item: Item | undefined): Item | undefined => {
  if (item === undefined) return undefined;
  const { pk: _pk, sk: _sk, ...fields } = item;
  return fields;
};
