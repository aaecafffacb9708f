// Users' credentials for applications, in the registry's table: `credentials#<application>`/`<owner>`, or `shared`. They are sealed for the
// connectors (protocol/vault.ts): whoever reads the table, or writes to it, learns no password and can pass none off as another's.
import { count, countOrNull, filled, type RecordShape, readRecord, textOrNull } from './record-shape.ts';
import type { CredentialStore, StoredCredentials } from './records.ts';
import type { Key, Table } from './table.ts';

const SHARED = 'shared';

const CREDENTIALS: RecordShape<StoredCredentials> = {
  sealed: filled,
  owner: textOrNull,
  setBy: filled,
  setAt: count,
  refusedAt: countOrNull,
};

const keyOf = (application: string, owner: string | null): Key => ({ pk: `credentials#${application}`, sk: owner ?? SHARED });

export const createCredentialStore = ({ table, now }: { readonly table: Table; readonly now: () => number }): CredentialStore => ({
  find: async (application, owner) => {
    const item = await table.get(keyOf(application, owner));
    return item && readRecord(table.name, item, CREDENTIALS);
  },
  put: async (application, credentials) => {
    await table.put({ ...keyOf(application, credentials.owner), ...credentials });
  },
  noteRefusal: async (application, { owner, sealed }) => {
    await table.update(keyOf(application, owner), {
      condition: 'sealed = :sealed',
      update: 'SET refusedAt = :now',
      values: { ':sealed': sealed, ':now': now() },
    });
  },
  remove: async (application, owner) => (await table.take(keyOf(application, owner))) !== null,
});
