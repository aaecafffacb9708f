// Credentials for applications that administrators set, for one user or for all: they come sealed by the command, as from a browser.
import type { CredentialsReport } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { ownerOf, readVaultKey, sealedTo } from '../../protocol/vault.ts';
import type { Application, CredentialStore, Directory, PasswordSignOn, Sessions } from '../stores/records.ts';

export interface CredentialPorts {
  readonly credentials: CredentialStore;
  readonly directory: Pick<Directory, 'applications'>;
  readonly sessions: Pick<Sessions, 'withHandle'>;
  readonly now: () => number;
}

/** What the command needs to know before it seals anything. Throws ERR_REQUEST_INVALID, ERR_CONTROL_UNKNOWN. */
export const readCredentials = async (id: string, query: URLSearchParams, ports: CredentialPorts): Promise<CredentialsReport> => {
  const application = await passwordApplication(id, ports);
  const owner = await ownerIn(query, application, ports);
  const stored = await ports.credentials.find(id, owner);
  return { application: id, vaultKey: application.vaultKey, owner, setAt: stored?.setAt ?? null, refusedAt: stored?.refusedAt ?? null };
};

/** Throws ERR_REQUEST_INVALID, ERR_CONTROL_UNKNOWN. */
export const setCredentials = async (id: string, raw: unknown, ports: CredentialPorts, setBy: string): Promise<void> => {
  const application = await passwordApplication(id, ports);
  const { owner, sealed } = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  if (owner !== null && (typeof owner !== 'string' || !/^[\w-]{43}$/.test(owner))) throw invalid('say whose they are, or null for all');
  if ((owner === null) !== (application.credentials === 'shared')) throw invalid(`are ${application.credentials} at ${id}`);
  if (typeof sealed !== 'string' || sealedTo(sealed) !== readVaultKey(application.vaultKey)?.id) {
    throw invalid(`must be sealed to the vault key of ${id}`);
  }
  await ports.credentials.put(id, { sealed, owner, setBy, setAt: ports.now(), refusedAt: null });
};

/** Throws ERR_CONTROL_UNKNOWN where there are none. */
export const removeCredentials = async (id: string, query: URLSearchParams, ports: CredentialPorts): Promise<void> => {
  const owner = await ownerIn(query, await passwordApplication(id, ports), ports);
  if (!(await ports.credentials.remove(id, owner))) throw new SallyportError('ERR_CONTROL_UNKNOWN', `None are stored for ${id}.`);
};

const passwordApplication = async (id: string, { directory }: CredentialPorts): Promise<PasswordSignOn> => {
  const found: Application | undefined = (await directory.applications()).find((application) => application.id === id);
  if (found?.singleSignOn.method !== 'password') {
    throw new SallyportError('ERR_CONTROL_UNKNOWN', `There is no application ${id} with singleSignOn: { method: password }.`);
  }
  return found.singleSignOn;
};

/** A name alone does not say who it is: the user's sessions do. */
const ownerIn = async (query: URLSearchParams, { credentials }: PasswordSignOn, { sessions }: CredentialPorts): Promise<string | null> => {
  const [username, issuer, subject] = ['user', 'issuer', 'subject'].map((name) => query.get(name));
  const named = username !== null || issuer !== null || subject !== null;
  if (credentials === 'shared') {
    if (named) throw invalid('are shared by all users of this application: name none');
    return null;
  }
  if (issuer && subject && username === null) return ownerOf({ issuer, subject });
  if (!username || issuer !== null || subject !== null) throw invalid('are one user’s: say --user NAME, or --issuer URL and --subject ID');
  const owners = new Set((await sessions.withHandle({ username })).map(({ user }) => ownerOf(user)));
  const [owner] = owners;
  if (owner === undefined) throw invalid(`need a user who is known: ${username} is not signed in. Say --issuer URL and --subject ID`);
  if (owners.size > 1) throw invalid(`need one user: ${username} is the name of ${owners.size}. Say --issuer URL and --subject ID`);
  return owner;
};

const invalid = (what: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `The credentials ${what}.`);
