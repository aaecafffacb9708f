// Sessions as administrators see and end them: of a user, of an application, or one alone.
import type { SessionReport } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { addressesOf } from '../../tenants/address-list.ts';
import type { Directory, Session, SessionHandle, Sessions } from '../stores/records.ts';

export interface SessionPorts {
  readonly sessions: Pick<Sessions, 'withHandle' | 'find' | 'revoke'>;
  readonly directory: Pick<Directory, 'applications'>;
}

/** What `POST /control/sessions/revocations` takes: one of them. */
type Which = { readonly user: string } | { readonly session: string } | { readonly application: string };

export const listSessions = async (user: string, { sessions }: SessionPorts): Promise<SessionReport[]> =>
  (await sessions.withHandle({ username: user })).map(report);

/** How many were ended. Throws ERR_REQUEST_INVALID, ERR_CONTROL_UNKNOWN. */
export const revokeSessions = async (raw: unknown, ports: SessionPorts): Promise<{ readonly revoked: number }> => {
  const which = readWhich(raw);
  const found = 'session' in which ? await one(which.session, ports) : await withHandles(await handlesOf(which, ports), ports);
  for (const { id } of found) await ports.sessions.revoke(id);
  return { revoked: found.length };
};

const report = ({ id, user, createdAt, expiresAt, mfa }: Session): SessionReport => ({
  id,
  user: user.username,
  createdAt,
  expiresAt,
  mfa,
});

const one = async (id: string, { sessions }: SessionPorts): Promise<readonly Session[]> => {
  const session = await sessions.find(id);
  if (session === null) throw new SallyportError('ERR_CONTROL_UNKNOWN', `There is no session ${id} (any more).`);
  return [session];
};

const withHandles = async (handles: readonly SessionHandle[], { sessions }: SessionPorts): Promise<readonly Session[]> =>
  (await Promise.all(handles.map((handle) => sessions.withHandle(handle)))).flat();

const handlesOf = async (which: Exclude<Which, { readonly session: string }>, { directory }: SessionPorts): Promise<SessionHandle[]> => {
  if ('user' in which) return [{ username: which.user }];
  const application = (await directory.applications()).find(({ id }) => id === which.application);
  if (!application) throw new SallyportError('ERR_CONTROL_UNKNOWN', `There is no application ${which.application}.`);
  if (application.host.startsWith('*')) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'A wildcard has sessions of many hosts: revoke those of its users.');
  }
  return [...new Set(addressesOf(application).map(({ host }) => host))].map((host) => ({ host }));
};

const readWhich = (raw: unknown): Which => {
  const { user, session, application } = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  const given = [user, session, application].filter((value) => value !== undefined);
  if (given.length === 1 && typeof given[0] === 'string' && given[0] !== '') {
    return user !== undefined ? { user: given[0] } : session !== undefined ? { session: given[0] } : { application: given[0] };
  }
  throw new SallyportError('ERR_REQUEST_INVALID', 'One of user, session and application was expected.');
};
