// Published applications in DynamoDB: `host#<host>`/`<path>`, an item for each address, so that one query finds all that a
// request's host may mean. Items of further addresses say in `at` which one they are. And the way back, for links in pages:
// `internal#<authority>`/`<path> <host><path>`, an item for each address.
import { setTimeout } from 'node:timers/promises';
import { SallyportError } from '../../protocol/errors.ts';
import type { SignInForm } from '../../protocol/sign-on.ts';
import { addressesOf, callersAmong } from '../../tenants/address-list.ts';
import { authorityOfUrl } from '../../tenants/authority.ts';
import { conditionList } from './condition-shape.ts';
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
  ApplicationHere,
  AssertionSignOn,
  CookiePolicy,
  CorsRule,
  Directory,
  FormRule,
  KerberosSignOn,
  LinkedSignOn,
  PasswordSignOn,
  Published,
  SamlEncryption,
  SamlSignOn,
  SingleSignOn,
  TokenPolicy,
  TokenSignOn,
  Translation,
  WebSocketPolicy,
} from './records.ts';
import { nameOf, replaceItems } from './replace-items.ts';
import type { Item, Key, Table } from './table.ts';

const named = shaped<Exclude<Access, string>>({ users: texts, groups: texts });
const access = (value: unknown): value is Access => value === 'everyone' || (isMap(value) && named(value));

const signInForm = shaped<SignInForm>({
  page: filled,
  usernameField: textOrNull,
  passwordField: textOrNull,
  success: textOrNull,
  failure: textOrNull,
});

const encryption = shaped<SamlEncryption>({
  certificate: filled,
  algorithm: oneOf('aes256-gcm', 'aes128-gcm', 'aes256-cbc', 'aes128-cbc'),
});

/** What each method of single sign-on has beside `headers`. */
const METHODS: Readonly<Record<SingleSignOn['method'], (value: unknown) => boolean>> = {
  none: isMap,
  headers: isMap,
  ntlm: isMap,
  linked: shaped<LinkedSignOn>({ method: oneOf('linked'), url: filled }),
  kerberos: shaped<KerberosSignOn>({
    method: oneOf('kerberos'),
    servicePrincipalName: filled,
    identity: filled,
    sendOn: oneOf('request', 'challenge'),
    mutualAuthentication: oneOf('checked', 'required'),
  }),
  password: shaped<PasswordSignOn>({
    method: oneOf('password'),
    scheme: oneOf('basic', 'form'),
    credentials: oneOf('user', 'shared'),
    vaultKey: filled,
    form: (value): value is SignInForm | null => value === null || signInForm(value),
  }),
  assertion: shaped<AssertionSignOn>({
    method: oneOf('assertion'),
    format: oneOf('sallyport', 'cloudflare', 'pomerium', 'google-iap'),
    header: filled,
    audience: filled,
    claims: textByName,
  }),
  token: shaped<TokenSignOn>({
    method: oneOf('token'),
    grant: oneOf('own', 'exchange', 'on-behalf-of'),
    audience: textOrNull,
    scopes: texts,
    header: filled,
  }),
  saml: shaped<SamlSignOn>({
    method: oneOf('saml'),
    entityId: filled,
    acsUrls: texts,
    sloUrl: textOrNull,
    nameId: shaped<SamlSignOn['nameId']>({ format: oneOf('persistent', 'emailAddress', 'unspecified', 'transient'), value: textOrNull }),
    attributes: textByName,
    certificates: texts,
    requireSignedRequests: flag,
    encryption: (value): value is SamlEncryption | null => value === null || encryption(value),
    unsolicited: flag,
  }),
};
const singleSignOn = (value: unknown): value is SingleSignOn =>
  isMap(value) && textByName(value.headers) && Object.hasOwn(METHODS, String(value.method)) && METHODS[value.method as 'none'](value);

const ADDRESS: RecordShape<Address> = { host: filled, path: filled, internalUrl: filled };
const PUBLISHED: RecordShape<Published> = { ...ADDRESS, application: filled };

const tokenPolicy = shaped<TokenPolicy>({
  ...{ audience: textOrNull, scopes: texts, header: filled, services: flag },
  basic: (value): value is boolean | undefined => value === undefined || flag(value),
});
const tokens = (value: unknown): value is TokenPolicy | null => value === null || tokenPolicy(value);

const APPLICATION: RecordShape<Application> = {
  id: filled,
  name: filled,
  description: text,
  icon: textOrNull,
  visibleTo: oneOf('assigned', 'everyone', 'nobody'),
  host: filled,
  path: filled,
  internalUrl: filled,
  connectorGroup: filled,
  preAuthentication: oneOf('sign-in', 'pass-through'),
  access,
  conditions: conditionList,
  tokens,
  hostHeader: oneOf('internal', 'external'),
  singleSignOn,
  segments: listOf(shaped(ADDRESS)),
  alternateHost: textOrNull,
  timeoutMs: count,
  idleTimeoutMs: count,
  webSockets: shaped<WebSocketPolicy>({ pages: oneOf('auto', 'on', 'off'), maxAgeMs: count, idleMs: count }),
  verifyCertificate: flag,
  homePath: text,
  translation: shaped<Translation>({
    headers: flag,
    links: oneOf('off', 'report', 'on'),
    scripts: (value) => flag(value) || value === 'without-data',
  }),
  cookies: shaped<CookiePolicy>({ secure: flag, httpOnly: flag, sameSite: oneOf('strict', 'lax', 'none', null) }),
  cors: listOf(shaped<CorsRule>({ path: filled, origins: texts, methods: texts, headers: texts, credentials: flag, maxAgeSeconds: count })),
  calls: texts,
  framedBy: texts,
  crossOriginRequests: oneOf('refuse', 'allow'),
  formsFrom: listOf(shaped<FormRule>({ path: filled, origins: texts })),
  bigUploads: oneOf('on', 'off'),
  signInAgain: oneOf('offer', 'at-once', 'off'),
  robots: oneOf('deny', 'application'),
  maintenance: textOrNull,
};

const APPLICATION_HERE: RecordShape<ApplicationHere> = { ...APPLICATION, callers: texts };

/** What an item means that was written before there were these fields. */
const BEFORE: Partial<ApplicationHere> = {
  icon: null,
  visibleTo: 'assigned',
  tokens: null,
  conditions: [],
  segments: [],
  alternateHost: null,
  idleTimeoutMs: 290_000,
  webSockets: { pages: 'auto', maxAgeMs: 12 * 3_600_000, idleMs: 3_600_000 },
  translation: { headers: true, links: 'off', scripts: false },
  cookies: { secure: false, httpOnly: false, sameSite: null },
  cors: [],
  calls: [],
  framedBy: [],
  callers: [],
  crossOriginRequests: 'refuse',
  formsFrom: [],
  bigUploads: 'off',
  signInAgain: 'offer',
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
const keyOf = ({ host, path }: Pick<Address, 'host' | 'path'>): Key => ({ pk: hostKey(host), sk: path });

const internalKey = (authority: string): string => `internal#${authority}`;

const itemsOf = (application: Application, callers: readonly string[]): (Key & Item)[] => [
  ...addressesOf(application).map((address, index) => ({ ...keyOf(address), ...application, callers, ...(index > 0 && { at: address }) })),
  ...publishedOf(application).map((published) => {
    const url = new URL(published.internalUrl);
    const key = { pk: internalKey(authorityOfUrl(url)), sk: `${url.pathname} ${published.host}${published.path}` };
    return { ...key, id: application.id, ...published };
  }),
];

/** An internal address that many external hosts stand for has no external one of its own; an alternate host is used by who came by it. */
export const publishedOf = (application: Application): Published[] =>
  addressesOf({ ...application, alternateHost: null })
    .filter(({ host, internalUrl }) => host.startsWith('*.') === internalUrl.includes('//*.'))
    .map(({ host, path, internalUrl }) => ({ application: application.id, host, path, internalUrl }));

export interface DirectoryPorts {
  readonly table: Table;
  /** Between attempts to take back what was written. */
  readonly pause?: (ms: number) => Promise<unknown>;
  /** Called with the ids of applications that were there and are other ones now, or no more, when that is written. */
  readonly superseded?: (applications: readonly string[]) => Promise<void>;
}

export const createDirectory = ({ table, pause = (ms) => setTimeout(ms), superseded }: DirectoryPorts): Directory => {
  const readAs = <Type extends Application>(item: Item, shape: RecordShape<Type>): Type =>
    readRecord(table.name, { ...BEFORE, singleSignOn: formerly(item), ...item }, shape);
  const readHere = (item: Item): ApplicationHere => {
    const application = readAs(item, APPLICATION_HERE);
    if (item.at === undefined) return application;
    return { ...application, ...readRecord(table.name, { ...Object(item.at), pk: item.pk, sk: item.sk }, ADDRESS) };
  };

  return {
    applicationsOn: async (host) => (await table.query(hostKey(host))).map(readHere),

    publishedAt: async (authority) => (await table.query(internalKey(authority))).map((item) => readRecord(table.name, item, PUBLISHED)),

    applications: async () =>
      (await table.scan())
        .filter(({ pk, at }) => String(pk).startsWith(hostKey('')) && at === undefined)
        .map((item) => readAs(item, APPLICATION)),

    replace: async (applications) => {
      const callers = callersAmong(applications);
      const items = applications.flatMap((application) => itemsOf(application, callers(application)));
      if (new Set(items.map(nameOf)).size < items.length) {
        throw new SallyportError('ERR_CONFIGURATION_INVALID', 'Two applications have one external URL. Nothing was written.');
      }
      const { changed, superseded: before, gone } = await replaceItems(items, table, pause);

      const ids = new Set(applications.map(({ id }) => id));
      const idsOf = (some: readonly Item[]): string[] => [...new Set(some.map(({ id }) => String(id)))].sort();
      await superseded?.(idsOf([...before, ...gone]));
      return { written: idsOf(changed), removed: idsOf(gone).filter((id) => !ids.has(id)) };
    },
  };
};
