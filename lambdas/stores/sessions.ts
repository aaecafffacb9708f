// Sessions and sign-in codes in DynamoDB: `session#<id>`, `code#<id>`, and the index `by-parent` for sign-out. An item of its own for each
// handle, `handle#…`/`<id>`, finds the sessions of a user, of the provider's session, of a host. `assertion#<id>`: one that was used.
// `session#saml#<id>`: a portal session as a SAML application knows it; `code#sign-out#<id>`: a sign-out on its way through them.

import {
  count,
  countOrNull,
  filled,
  flag,
  listOf,
  oneOf,
  optionalCount,
  optionalText,
  optionalTrue,
  type RecordShape,
  readRecord,
  shaped,
  text,
  textByName,
  textOrNull,
  texts,
} from './record-shape.ts';
import type { SamlSession, Session, SessionHandle, Sessions, SignInCode, SignOutAnswer, SignOutChain, User } from './records.ts';
import { isUnused, noteWindow } from './session-use.ts';
import type { Key, Table } from './table.ts';

export const BY_PARENT = 'by-parent';

const USER: RecordShape<User> = {
  issuer: filled,
  subject: filled,
  username: filled,
  name: text,
  email: text,
  groups: texts,
  groupsLeftOut: optionalTrue,
  claims: textByName,
  amr: texts,
};

const SESSION: RecordShape<Session> = {
  id: filled,
  parent: filled,
  host: textOrNull,
  user: shaped(USER),
  createdAt: count,
  expiresAt: count,
  mfa: flag,
  authenticatedAt: countOrNull,
  idleMs: optionalCount,
  usedAt: optionalCount,
  refreshAt: optionalCount,
  refreshToken: optionalText,
  claimedUntil: optionalCount,
  accessToken: optionalText,
  accessTokenUntil: optionalCount,
  idToken: optionalText,
  providerSession: optionalText,
  previous: optionalText,
  device: optionalText,
  address: optionalText,
};

/** What an item means that was written before there were these fields. */
const BEFORE: Partial<Session> = { mfa: false, authenticatedAt: null };

const CODE: RecordShape<SignInCode> = {
  id: filled,
  parent: filled,
  host: filled,
  challenge: filled,
  returnHost: filled,
  returnTo: filled,
  visits: texts,
  visited: count,
  expiresAt: count,
};

const SAML_SESSION: RecordShape<SamlSession> = {
  id: filled,
  parent: filled,
  application: filled,
  sessionIndex: filled,
  nameId: filled,
  nameIdFormat: oneOf('persistent', 'emailAddress', 'unspecified', 'transient'),
  expiresAt: count,
};

const answer = shaped<SignOutAnswer>({ application: filled, requestId: filled, relayState: textOrNull });
const CHAIN: RecordShape<SignOutChain> = {
  id: filled,
  session: filled,
  left: listOf(shaped(SAML_SESSION)),
  onward: (value): value is SignOutChain['onward'] => filled(value) || answer(value),
  expiresAt: count,
};

const SESSION_KEY = 'session#';
const sessionKey = (id: string): Key => ({ pk: SESSION_KEY + id, sk: '-' });
/** Among the sessions, so that whoever may end those may end these. */
const SAML_KEY = `${SESSION_KEY}saml#`;
const samlKey = (id: string): Key => ({ pk: SAML_KEY + id, sk: '-' });
/** Lengths keep one handle from reading as another: names are the provider's, and may hold anything. */
const handleKey = (handle: SessionHandle): string =>
  `handle#${Object.entries(handle)
    .map(([name, value]) => `${name}#${value.length}#${value}`)
    .join('#')}`;

const handlesOf = ({ host, user: { username, issuer, subject }, providerSession }: Session): SessionHandle[] =>
  host === null ? [{ username }, { issuer, subject }, ...(providerSession === undefined ? [] : [{ issuer, providerSession }])] : [{ host }];

const codeKey = (id: string): Key => ({ pk: `code#${id}`, sk: '-' });
const chainKey = (id: string): Key => ({ pk: `code#sign-out#${id}`, sk: '-' });

/** When DynamoDB may delete an item, in seconds. It does so days late: expiry is checked here too. */
export const expiresAtSeconds = (expiresAt: number): number => Math.ceil(expiresAt / 1000);

export const createSessions = ({ table, now }: { readonly table: Table; readonly now: () => number }): Sessions => {
  const findLive = async (id: string): Promise<Session | null> => {
    const item = await table.get(sessionKey(id));
    const session = item && readRecord(table.name, { ...BEFORE, ...item }, SESSION);
    return session && session.expiresAt > now() && !isUnused(session, now()) ? session : null;
  };

  const findAtSaml = async (id: string): Promise<SamlSession | null> => {
    const item = await table.get(samlKey(id));
    const session = item && readRecord(table.name, item, SAML_SESSION);
    return session && session.expiresAt > now() ? session : null;
  };

  const putHandles = async (session: Session): Promise<void> => {
    const ttl = { expiresAtSeconds: expiresAtSeconds(session.expiresAt) };
    await Promise.all(handlesOf(session).map((handle) => table.put({ pk: handleKey(handle), sk: session.id, ...ttl })));
  };

  const revoke = async (parent: string): Promise<void> => {
    // The parent first: from here on none of its sessions is good, whatever happens to the rest of this.
    const ended = await table.take(sessionKey(parent));
    const keys = await table.queryIndex(BY_PARENT, 'parent', parent);
    await Promise.all(keys.map(({ pk, sk }) => table.take({ pk: String(pk), sk: String(sk) })));
    if (typeof ended?.previous === 'string') await revoke(ended.previous);
  };

  return {
    create: async (session) => {
      // The handles first: a session that nobody could find could not be revoked.
      await putHandles(session);
      await table.put({ ...sessionKey(session.id), ...session, expiresAtSeconds: expiresAtSeconds(session.expiresAt) });
    },

    find: async (id) => {
      const session = await findLive(id);
      if (session === null || session.host === null) return session;
      // The index by parent lags, so a sign-out can miss a session of this very moment: without its parent it counts for nothing.
      const parent = await findLive(session.parent);
      if (parent === null) return null;
      const { user, idleMs, usedAt, refreshAt } = parent;
      return { ...session, user, idleMs, usedAt, refreshAt };
    },

    noteUse: async ({ parent, idleMs }) => {
      if (idleMs === undefined) return;
      const { after, until } = noteWindow(idleMs, now());
      // Of many that note it at once one does; and what is over stays over, whatever a caller remembers of it.
      await table.update(sessionKey(parent), {
        update: 'SET usedAt = :now',
        condition: 'usedAt BETWEEN :after AND :until',
        values: { ':now': now(), ':after': after, ':until': until },
      });
    },

    claimRefresh: ({ id, refreshAt }, until) =>
      table.update(sessionKey(id), {
        update: 'SET refreshAt = :until, claimedUntil = :until',
        condition: 'refreshAt = :seen',
        values: { ':until': until, ':seen': refreshAt },
      }),

    keepRefreshToken: async (id, refreshToken) => {
      await table.update(sessionKey(id), {
        update: 'SET refreshToken = :token',
        condition: 'attribute_exists(pk)',
        values: { ':token': refreshToken },
      });
    },

    refresh: async (session, user, refreshAt, access) => {
      // First: a session that could not be found by its user's new name could not be revoked.
      if (user.username !== session.user.username) await putHandles({ ...session, user });
      await table.update(sessionKey(session.id), {
        update: `SET #user = :user, refreshAt = :at${access === undefined ? '' : ', accessToken = :token, accessTokenUntil = :until'}`,
        condition: 'attribute_exists(pk)',
        names: { '#user': 'user' },
        values: {
          ':user': user,
          ':at': refreshAt,
          ...(access && { ':token': access.accessToken, ':until': access.accessTokenUntil }),
        },
      });
    },

    revoke,

    withHandle: async (handle) => {
      const found = await Promise.all((await table.query(handleKey(handle))).map(({ sk }) => findLive(String(sk))));
      return found.filter((session) => session !== null);
    },

    openedFrom: async (parent) => {
      const keys = (await table.queryIndex(BY_PARENT, 'parent', parent)).map(({ pk }) => String(pk));
      const ids = keys.filter((pk) => pk.startsWith(SESSION_KEY) && !pk.startsWith(SAML_KEY)).map((pk) => pk.slice(SESSION_KEY.length));
      const found = await Promise.all(ids.map(findLive));
      return found.filter((session) => session !== null && session.host !== null) as Session[];
    },

    endBy: async (id, at) => {
      await table.update(sessionKey(id), {
        update: 'SET expiresAt = :at',
        condition: 'expiresAt > :at',
        values: { ':at': at },
      });
    },

    createAtSaml: async (session) => {
      await table.put({ ...samlKey(session.id), ...session, expiresAtSeconds: expiresAtSeconds(session.expiresAt) });
    },

    findAtSaml,

    atSaml: async (parent) => {
      const keys = (await table.queryIndex(BY_PARENT, 'parent', parent)).map(({ pk }) => String(pk));
      const ids = keys.filter((pk) => pk.startsWith(SAML_KEY)).map((pk) => pk.slice(SAML_KEY.length));
      return (await Promise.all(ids.map(findAtSaml))).filter((session) => session !== null);
    },

    keepChain: async (chain) => {
      await table.put({ ...chainKey(chain.id), ...chain, expiresAtSeconds: expiresAtSeconds(chain.expiresAt) });
    },

    takeChain: async (id) => {
      const item = await table.take(chainKey(id));
      const chain = item && readRecord(table.name, item, CHAIN);
      return chain && chain.expiresAt > now() ? chain : null;
    },

    createCode: async (code) => {
      await table.put({ ...codeKey(code.id), ...code, expiresAtSeconds: expiresAtSeconds(code.expiresAt) });
    },

    takeCode: async (id) => {
      const item = await table.take(codeKey(id));
      // A code of before there were visits leads to its own host.
      const code = item && readRecord(table.name, { returnHost: item.host, visits: [], visited: 0, ...item }, CODE);
      return code && code.expiresAt > now() ? code : null;
    },

    takeAssertion: (id, goodUntil) =>
      table.put(
        { pk: `assertion#${id}`, sk: '-', expiresAtSeconds: expiresAtSeconds(goodUntil) },
        { condition: 'attribute_not_exists(pk)' },
      ),
  };
};
