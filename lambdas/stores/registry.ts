// Connectors, their tunnels, their dials and enrolment codes in DynamoDB: `connector`/`<id>`, `group#<group>`/`<connector>#<connectionId>`,
// `group#<group>#origins`/`<connector>`, `dial#<connector>`/`<id>`, `enrolment#<id>`. The registry's tunnels are a hint: the router forgets one that answers 410, a heartbeat brings it back.
import { SallyportError } from '../../protocol/errors.ts';
import type { OriginReport } from '../../protocol/tunnel-messages.ts';
import { count, filled, flag, isMap, listOf, optionalTrue, type RecordShape, readRecord, shaped, text } from './record-shape.ts';
import type { Connector, ConnectorReports, EnrolmentCode, JsonWebKey, Registry, Tunnel } from './records.ts';
import { expiresAtSeconds } from './sessions.ts';
import type { Key, Table } from './table.ts';

const publicKey = (value: unknown): value is JsonWebKey => isMap(value) && filled(value.kty);

const CONNECTOR: RecordShape<Connector> = {
  id: filled,
  name: text,
  group: filled,
  signingKey: publicKey,
  sealingKey: publicKey,
  enrolledAt: count,
  version: text,
  seenAt: count,
};

const TUNNEL: RecordShape<Tunnel> = {
  connectionId: filled,
  connector: filled,
  group: filled,
  openedAt: count,
  seenAt: count,
  expiresAt: count,
  draining: flag,
  keysApart: optionalTrue,
};

/** Longer than any name of DNS with scheme and port. */
const ORIGIN = /^https?:\/\/[^\s/]{1,300}$/;
const ERROR_CODE = /^ERR_[A-Z_]{1,60}$/;

export const ORIGIN_REPORT: RecordShape<OriginReport> = {
  origin: (value): value is string => text(value) && ORIGIN.test(value),
  at: count,
  code: (value): value is string | undefined => value === undefined || (text(value) && ERROR_CODE.test(value)),
  probed: optionalTrue,
  unverified: optionalTrue,
};

const CONNECTOR_REPORTS: RecordShape<ConnectorReports> = { connector: filled, origins: listOf(shaped(ORIGIN_REPORT)) };

const ENROLMENT_CODE: RecordShape<EnrolmentCode> = { id: filled, group: filled, createdAt: count, expiresAt: count };

const CONNECTORS = 'connector';
const connectorKey = (id: string): Key => ({ pk: CONNECTORS, sk: id });
const codeKey = (id: string): Key => ({ pk: `enrolment#${id}`, sk: '-' });
const groupKey = (group: string): string => `group#${group}`;
/** Beside the group's tunnels, which are found by the partition's whole name. */
const reportsKey = (group: string): string => `${groupKey(group)}#origins`;
const tunnelKey = ({ group, connector, connectionId }: Pick<Tunnel, 'group' | 'connector' | 'connectionId'>): Key => ({
  pk: groupKey(group),
  sk: `${connector}#${connectionId}`,
});

/** A connector tells again what it told, long before that. */
const REPORTS_KEPT_MS = 24 * 60 * 60_000;

export const createRegistry = ({ table, now }: { readonly table: Table; readonly now: () => number }): Registry => ({
  createEnrolmentCode: async (code) => {
    await table.put({ ...codeKey(code.id), ...code, expiresAtSeconds: expiresAtSeconds(code.expiresAt) });
  },

  takeEnrolmentCode: async (id) => {
    const item = await table.take(codeKey(id));
    const code = item && readRecord(table.name, item, ENROLMENT_CODE);
    return code && code.expiresAt > now() ? code : null;
  },

  addConnector: async (connector) => {
    // The SDK may repeat a write whose answer was lost: the same key again is no conflict.
    const added = await table.put(
      { ...connectorKey(connector.id), ...connector },
      { condition: 'attribute_not_exists(pk) OR signingKey.x = :x', values: { ':x': connector.signingKey.x } },
    );
    if (!added) throw new SallyportError('ERR_INTERNAL', `A connector with the id ${connector.id} exists already. Enrol again.`);
  },

  findConnector: async (id) => {
    const item = await table.get(connectorKey(id));
    return item && readRecord(table.name, item, CONNECTOR);
  },

  connectors: async () => (await table.query(CONNECTORS)).map((item) => readRecord(table.name, item, CONNECTOR)),

  removeConnector: async ({ id, group }) => {
    const tunnels = () => table.query(groupKey(group), `${id}#`);
    const before = await tunnels();
    await table.take(connectorKey(id));
    // From here on none is added. An entry that cannot be read or taken away just now leads to a closed tunnel, and expires.
    const found = await tunnels().catch(() => before);
    const keys = [...found.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })), { pk: reportsKey(group), sk: id }];
    await Promise.allSettled(keys.map((key) => table.take(key)));
    return found.map(({ sk }) => String(sk).slice(id.length + 1));
  },

  takeDial: ({ connector, id, expiresAt }) =>
    table.update(
      { pk: `dial#${connector}`, sk: id },
      {
        condition: 'attribute_not_exists(pk)',
        update: 'SET expiresAtSeconds = :expiresAtSeconds',
        values: { ':expiresAtSeconds': expiresAtSeconds(expiresAt) },
      },
    ),

  saveTunnel: async (tunnel, version) => {
    // Only `seenAt` moves: a heartbeat that overtakes or follows a drain must not undo it.
    await table.update(tunnelKey(tunnel), {
      update:
        'SET connectionId = :connectionId, connector = :connector, #group = :group, seenAt = :seenAt, ' +
        'openedAt = if_not_exists(openedAt, :openedAt), expiresAt = if_not_exists(expiresAt, :expiresAt), ' +
        'expiresAtSeconds = if_not_exists(expiresAtSeconds, :expiresAtSeconds), draining = if_not_exists(draining, :draining)' +
        // Said once, by hello.
        (tunnel.keysApart ? ', keysApart = :keysApart' : ''),
      names: { '#group': 'group' },
      values: {
        ':connectionId': tunnel.connectionId,
        ':connector': tunnel.connector,
        ':group': tunnel.group,
        ':seenAt': tunnel.seenAt,
        ':openedAt': tunnel.openedAt,
        ':expiresAt': tunnel.expiresAt,
        ':expiresAtSeconds': expiresAtSeconds(tunnel.expiresAt),
        ':draining': tunnel.draining,
        ...(tunnel.keysApart && { ':keysApart': true }),
      },
    });
    // After the tunnel: whoever removes the connector meanwhile finds it, or this finds the connector gone.
    const known = await table.update(connectorKey(tunnel.connector), {
      condition: 'attribute_exists(pk)',
      update: 'SET seenAt = :seenAt, version = :version',
      values: { ':seenAt': tunnel.seenAt, ':version': version },
    });
    if (known) return;
    await table.take(tunnelKey(tunnel));
    throw new SallyportError('ERR_CONNECTOR_UNKNOWN', `Connector ${tunnel.connector} has been removed. Enrol it again.`);
  },

  drainTunnel: async (tunnel) => {
    // A tunnel that the registry does not know gets no new exchanges anyway.
    await table.update(tunnelKey(tunnel), {
      condition: 'attribute_exists(pk)',
      update: 'SET draining = :draining',
      values: { ':draining': true },
    });
  },

  removeTunnel: async (tunnel) => {
    await table.take(tunnelKey(tunnel));
  },

  saveReports: async ({ connector, group }, origins) => {
    await table.update(
      { pk: reportsKey(group), sk: connector },
      {
        update: 'SET connector = :connector, origins = :origins, expiresAtSeconds = :expiresAtSeconds',
        values: { ':connector': connector, ':origins': origins, ':expiresAtSeconds': expiresAtSeconds(now() + REPORTS_KEPT_MS) },
      },
    );
  },

  reports: async (group) => (await table.query(reportsKey(group))).map((item) => readRecord(table.name, item, CONNECTOR_REPORTS)),

  tunnels: async (group) =>
    (await table.query(groupKey(group))).map((item) => readRecord(table.name, item, TUNNEL)).filter((tunnel) => tunnel.expiresAt > now()),
});
