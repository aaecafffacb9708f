// The connections of users' WebSockets, by the portal session that they hang on (`session#<parent>`/`socket#<exchange>`), and the tickets
// with which they were opened (`ticket#<id>`). Beside the session itself, so that who ends it finds them without delay.
import { count, filled, type RecordShape, readRecord } from './record-shape.ts';
import { expiresAtSeconds } from './sessions.ts';
import type { Key, Table } from './table.ts';

export interface OpenSocket {
  readonly exchange: string;
  /** The application session that it belongs to. */
  readonly session: string;
  readonly parent: string;
  /** On the Reply API. */
  readonly connectionId: string;
  readonly link: number;
}

export interface OpenSockets {
  /** False when the ticket was taken before. */
  takeTicket(id: string, expiresAt: number): Promise<boolean>;
  save(socket: OpenSocket): Promise<void>;
  /** The connection has ended; one that came after it stays. */
  remove(socket: Pick<OpenSocket, 'exchange' | 'parent' | 'link'>): Promise<void>;
  /** Those of a portal session, or of one application session that came from it. They are forgotten. */
  take(parent: string, session: string | null): Promise<readonly OpenSocket[]>;
}

const SOCKET: RecordShape<OpenSocket> = { exchange: filled, session: filled, parent: filled, connectionId: filled, link: count };

/** API Gateway ends a connection after two hours. */
const CONNECTION_MAX_MS = 2 * 60 * 60_000;
const PREFIX = 'socket#';
const socketKey = ({ parent, exchange }: Pick<OpenSocket, 'parent' | 'exchange'>): Key => ({
  pk: `session#${parent}`,
  sk: PREFIX + exchange,
});

export const createOpenSockets = ({ table, now }: { readonly table: Table; readonly now: () => number }): OpenSockets => ({
  takeTicket: (id, expiresAt) =>
    table.put({ pk: `ticket#${id}`, sk: '-', expiresAtSeconds: expiresAtSeconds(expiresAt) }, { condition: 'attribute_not_exists(pk)' }),

  save: async (socket) => {
    await table.put({ ...socketKey(socket), ...socketFields(socket), expiresAtSeconds: expiresAtSeconds(now() + CONNECTION_MAX_MS) });
  },

  remove: async (socket) => {
    const item = await table.get(socketKey(socket));
    if (item?.link === socket.link) await table.take(socketKey(socket));
  },

  take: async (parent, session) => {
    const found = (await table.query(`session#${parent}`, PREFIX)).map((item) =>
      readRecord(table.name, { ...item, parent, exchange: String(item.sk).slice(PREFIX.length) }, SOCKET),
    );
    const ended = found.filter((socket) => session === null || socket.session === session);
    await Promise.all(ended.map((socket) => table.take(socketKey(socket))));
    return ended;
  },
});

/** Without the session's id as `parent`: the index of that name is of sessions alone. */
const socketFields = ({ session, connectionId, link }: OpenSocket) => ({ session, connectionId, link });
