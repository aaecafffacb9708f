// The connections of users' WebSockets (`socket#<exchange>`): by the application that they lead to (`session#at#<application>`), and by the portal
// session that they hang on (`session#<parent>`); and the tickets with which they were opened (`ticket#<id>`). Beside the session itself, so that
// who ends it finds them without delay, as does who changes an application or revokes a token.
import { count, filled, type RecordShape, readRecord, textOrNull } from './record-shape.ts';
import { expiresAtSeconds } from './sessions.ts';
import type { Item, Key, Table } from './table.ts';

export interface OpenSocket {
  readonly exchange: string;
  readonly application: string;
  /** The application session that it belongs to, and its portal session; null of a program, and where everyone passes. */
  readonly session: string | null;
  readonly parent: string | null;
  /** The service token that it was opened with; null for none. */
  readonly token: string | null;
  /** On the Reply API. */
  readonly connectionId: string;
  readonly link: number;
}

export interface OpenSockets {
  /** False when the ticket was taken before. */
  takeTicket(id: string, expiresAt: number): Promise<boolean>;
  save(socket: OpenSocket): Promise<void>;
  /** The connection has ended; one that came after it stays. */
  remove(socket: Pick<OpenSocket, 'exchange' | 'application' | 'parent' | 'link'>): Promise<void>;
  /** Those of a portal session, or of one application session that came from it. They are forgotten. */
  take(parent: string, session: string | null): Promise<readonly OpenSocket[]>;
  /** Those that lead to an application, or of them those of one service token. They are forgotten. */
  takeAt(application: string, token?: string): Promise<readonly OpenSocket[]>;
}

const SOCKET: RecordShape<OpenSocket> = {
  exchange: filled,
  application: filled,
  session: textOrNull,
  parent: textOrNull,
  token: textOrNull,
  connectionId: filled,
  link: count,
};

/** API Gateway ends a connection after two hours. */
const CONNECTION_MAX_MS = 2 * 60 * 60_000;
const PREFIX = 'socket#';

type Placed = Pick<OpenSocket, 'exchange' | 'application' | 'parent'>;
const partitionOf = (parent: string): string => `session#${parent}`;
/** Among the sessions, so that whoever may end those may end these. */
const partitionAt = (application: string): string => `session#at#${application}`;
const keysOf = ({ exchange, application, parent }: Placed): Key[] =>
  [partitionAt(application), ...(parent === null ? [] : [partitionOf(parent)])].map((pk) => ({ pk, sk: PREFIX + exchange }));

export const createOpenSockets = ({ table, now }: { readonly table: Table; readonly now: () => number }): OpenSockets => {
  const read = (item: Item): OpenSocket => {
    // The index by parent is of sessions alone, so an entry has no attribute of that name.
    const { portalSession = null } = item;
    return readRecord(table.name, { ...item, parent: portalSession, exchange: String(item.sk).slice(PREFIX.length) }, SOCKET);
  };
  const taken = async (partition: string, isMeant: (socket: OpenSocket) => boolean): Promise<readonly OpenSocket[]> => {
    const found = (await table.query(partition, PREFIX)).map(read).filter(isMeant);
    // The end of the connection takes the other entry with it.
    await Promise.all(found.map(({ exchange }) => table.take({ pk: partition, sk: PREFIX + exchange })));
    return found;
  };

  return {
    takeTicket: (id, expiresAt) =>
      table.put({ pk: `ticket#${id}`, sk: '-', expiresAtSeconds: expiresAtSeconds(expiresAt) }, { condition: 'attribute_not_exists(pk)' }),

    save: async (socket) => {
      const { application, session, parent: portalSession, token, connectionId, link } = socket;
      const fields = { application, session, portalSession, token, connectionId, link };
      const ttl = { expiresAtSeconds: expiresAtSeconds(now() + CONNECTION_MAX_MS) };
      await Promise.all(keysOf(socket).map((key) => table.put({ ...key, ...fields, ...ttl })));
    },

    remove: async (socket) => {
      await Promise.all(
        keysOf(socket).map(async (key) => {
          const item = await table.get(key);
          if (item?.link === socket.link) await table.take(key);
        }),
      );
    },

    take: (parent, session) => taken(partitionOf(parent), (socket) => session === null || socket.session === session),

    takeAt: (application, token) => taken(partitionAt(application), (socket) => token === undefined || socket.token === token),
  };
};
