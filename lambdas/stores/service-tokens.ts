// Tokens of programs that no identity provider knows, in the registry's table: `service-tokens`/`<digest>`. The secret is shown once,
// when it is made; here is its digest alone.
import { SallyportError } from '../../protocol/errors.ts';
import { count, filled, type RecordShape, readRecord, texts } from './record-shape.ts';
import type { ServiceToken, ServiceTokens } from './records.ts';
import type { Key, Table } from './table.ts';

const PARTITION = 'service-tokens';

const TOKEN: RecordShape<ServiceToken> = {
  id: filled,
  name: filled,
  applications: texts,
  createdAt: count,
  expiresAt: count,
  createdBy: filled,
};

const keyOf = (id: string): Key => ({ pk: PARTITION, sk: id });

export interface ServiceTokenPorts {
  readonly table: Table;
  readonly now: () => number;
  /** Called with tokens that were revoked. */
  readonly revoked?: (tokens: readonly ServiceToken[]) => Promise<void>;
}

export const createServiceTokens = ({ table, now, revoked }: ServiceTokenPorts): ServiceTokens => {
  const read = (item: Readonly<Record<string, unknown>>): ServiceToken => readRecord(table.name, item, TOKEN);
  const all = async (): Promise<ServiceToken[]> => (await table.query(PARTITION)).map(read).filter(({ expiresAt }) => expiresAt > now());

  return {
    create: async (token) => {
      const expiresAtSeconds = Math.ceil(token.expiresAt / 1000);
      await table.put({ ...keyOf(token.id), ...token, expiresAtSeconds });
    },
    all,
    find: async (id) => {
      const [item] = await table.query(PARTITION, id);
      const token = item === undefined ? null : read(item);
      // The key is asked for by its beginning: only the whole of it counts.
      return token !== null && token.id === id && token.expiresAt > now() ? token : null;
    },
    revoke: async (name) => {
      const tokens = (await all()).filter((token) => token.name === name);
      if (tokens.length === 0) throw new SallyportError('ERR_CONTROL_UNKNOWN', `There is no service token ${name}.`);
      await Promise.all(tokens.map(({ id }) => table.take(keyOf(id))));
      await revoked?.(tokens);
    },
  };
};
