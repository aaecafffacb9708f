// The user's sealed credentials for applications with `method: password`, as the connector gets them. Once the application has refused
// some they are not sent again, by any router, until others take their place.
import { SallyportError } from '../../protocol/errors.ts';
import type { PasswordSignOn } from '../../protocol/sign-on.ts';
import { ownerOf } from '../../protocol/vault.ts';
import { digest } from '../keys.ts';
import type { Application, CredentialStore, StoredCredentials } from '../stores/records.ts';
import { Cache } from './caching.ts';
import type { Caller } from './caller.ts';
import type { Clock } from './ports.ts';

type Wanted = Pick<Application, 'id' | 'singleSignOn'>;
type Asking = Pick<Caller, 'user' | 'handle' | 'by'>;

export interface Passwords {
  /** Undefined with any other method. Throws ERR_CREDENTIALS_MISSING, ERR_CREDENTIALS_REFUSED, ERR_STORE_UNAVAILABLE. */
  signOn(application: Wanted, caller: Asking): Promise<PasswordSignOn | undefined>;
  /** Notes that the application refused these; answers others where they have been entered meanwhile. */
  refused(application: Wanted, caller: Asking, before: PasswordSignOn): Promise<PasswordSignOn | null>;
}

const REMEMBERED_MAX = 5_000;

export const createPasswords = (store: Pick<CredentialStore, 'find' | 'noteRefusal'>, clock: Pick<Clock, 'now'>): Passwords => {
  const cache = new Cache<StoredCredentials | null>({
    load: (key) => store.find(...(JSON.parse(key) as [string, string | null])),
    clock,
    maxEntries: REMEMBERED_MAX,
    // Whoever enters them now is not to wait.
    keep: (found) => found !== null && found.refusedAt === null,
  });

  return {
    signOn: async ({ id, singleSignOn }, caller) => {
      if (singleSignOn.method !== 'password') return undefined;
      const owner = ownerFor(singleSignOn, caller);
      const found = await cache.get(JSON.stringify([id, owner]));
      if (found === null)
        throw new SallyportError('ERR_CREDENTIALS_MISSING', `No credentials for ${id} are stored for ${whose(owner, caller)}.`);
      if (found.refusedAt !== null) {
        throw new SallyportError(
          'ERR_CREDENTIALS_REFUSED',
          `${id} refused the credentials of ${whose(owner, caller)} before: they are not sent again.`,
        );
      }
      return toSignOn(id, singleSignOn, caller, owner, found);
    },

    refused: async ({ id, singleSignOn }, caller, before) => {
      if (singleSignOn.method !== 'password') return null;
      const owner = ownerFor(singleSignOn, caller);
      const found = await cache.fresh(JSON.stringify([id, owner]));
      if (found === null || found.refusedAt !== null) return null;
      if (found.sealed !== before.sealed) return toSignOn(id, singleSignOn, caller, owner, found);
      cache.expire(JSON.stringify([id, owner]));
      await store.noteRefusal(id, found);
      return null;
    },
  };
};

const ownerFor = ({ credentials }: { readonly credentials: 'user' | 'shared' }, { user }: Asking): string | null =>
  credentials === 'shared' ? null : ownerOf(user);

/** For the log. */
const whose = (owner: string | null, { user }: Asking): string => (owner === null ? 'all users' : user.username);

const toSignOn = (
  application: string,
  { form }: Extract<Application['singleSignOn'], { method: 'password' }>,
  { user, handle, by }: Asking,
  owner: string | null,
  { sealed }: StoredCredentials,
): PasswordSignOn => ({
  method: 'password',
  application,
  sealed,
  owner,
  // A program's tokens come and go; a browser's session ends with the user's sign-out, and its cookies with it.
  session: digest(JSON.stringify([application, ownerOf(user), by === 'browser' ? handle : by])),
  form,
});
